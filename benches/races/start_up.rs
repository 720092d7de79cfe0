//! From the start of a program to its end, with one line said between.

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Instant;

use crate::figures::Figures;
use crate::process::{Process, command, installed};
use crate::table::{Column, Heat, Sample};
use crate::{Options, Outcome, ours};

const OUR_NAME: &str = "chat-repl";

/// Starts in one run, of which the median counts.
const STARTS: usize = 40;

const CLIENTS: [(&str, &str, &[&str]); 4] = [
    (OUR_NAME, OUR_NAME, &["-q", "--connect", "ADDR"]),
    ("nc", "nc.openbsd", &["-N", "127.0.0.1", "PORT"]),
    ("ncat", "ncat", &["127.0.0.1", "PORT"]),
    ("socat", "socat", &["-", "TCP4:ADDR"]),
];

pub(crate) fn race(options: &Options) -> Outcome<()> {
    println!("## Start-up\n");
    println!(
        "Started, connected, one line of standard input sent, ended by a listener that reads to the end \
         and closes. A run is the median of {STARTS} starts.\n"
    );
    let folder = tempfile::tempdir()?;
    let line = folder.path().join("line.txt");
    fs::write(&line, "hello\n")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for conn in listener.incoming() {
            conn.and_then(|mut conn| conn.read_to_end(&mut Vec::new())).ok();
        }
    });
    let there =
        |(_, program, _): &&(&str, &str, &[&str])| *program == OUR_NAME || installed(program);
    let contestants: Vec<_> = CLIENTS.iter().filter(there).map(|client| client.0).collect();
    let columns = [Column::raced("ms")];
    let heat = Heat { title: "One line sent", columns: &columns };
    heat.run(options, &contestants, |name| run(name, &line, port));
    Ok(())
}

fn run(name: &str, line: &Path, port: u16) -> Outcome<Sample> {
    let known = CLIENTS.iter().find(|client| client.0 == name);
    let (_, program, words) = known.ok_or("no such client")?;
    let program = if name == OUR_NAME { ours() } else { program };
    let (address, number) = (format!("127.0.0.1:{port}"), port.to_string());
    let args = words.iter().map(|word| word.replace("ADDR", &address).replace("PORT", &number));
    let args: Vec<String> = args.collect();
    let mut starts = Figures::default();
    for _ in 0..STARTS {
        let stdin = File::open(line)?;
        let began = Instant::now();
        Process::start(command(program).args(&args).stdin(stdin))?.wait()?;
        starts.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(vec![starts.median()])
}
