//! A file of lines through a connection.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::process::{Process, command, free_port, installed, wait_for};
use crate::table::{Column, Heat, Sample};
use crate::{Options, Outcome, ours};

/// How long a file may take to pass.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often memory is looked at: it takes time from those who run.
const LOOK: Duration = Duration::from_millis(20);

/// Who sends and who receives.
#[derive(Clone, Copy)]
struct Pair {
    name: &'static str,
    program: &'static str,
    /// Arguments of the receiver; `PORT` and `ADDR` are put in.
    sink: &'static [&'static str],
    /// Arguments of the sender.
    source: &'static [&'static str],
}

const OUR_NAME: &str = "chat-repl";

const PAIRS: [Pair; 6] = [
    Pair {
        name: OUR_NAME,
        program: OUR_NAME,
        sink: &["-q", "--listen", "ADDR"],
        source: &["-q", "--connect", "ADDR"],
    },
    Pair {
        name: "chat-repl --plain",
        program: OUR_NAME,
        sink: &["-q", "--plain", "--listen", "ADDR"],
        source: &["-q", "--plain", "--connect", "ADDR"],
    },
    Pair {
        name: "ncat",
        program: "ncat",
        sink: &["-l", "127.0.0.1", "PORT"],
        source: &["127.0.0.1", "PORT"],
    },
    Pair {
        name: "nc",
        program: "nc.openbsd",
        sink: &["-l", "127.0.0.1", "PORT"],
        source: &["-N", "127.0.0.1", "PORT"],
    },
    Pair {
        name: "socat",
        program: "socat",
        sink: &["-u", "TCP4-LISTEN:PORT,bind=127.0.0.1", "STDOUT"],
        source: &["-u", "STDIN", "TCP4:ADDR"],
    },
    Pair {
        name: "socat -b262144",
        program: "socat",
        sink: &["-b262144", "-u", "TCP4-LISTEN:PORT,bind=127.0.0.1", "STDOUT"],
        source: &["-b262144", "-u", "STDIN", "TCP4:ADDR"],
    },
];

const BARE: &str = "bare source and sink";

const COLUMNS: [Column; 5] = [
    Column::raced("MB/s"),
    Column::told("receiver's processor, s"),
    Column::told("sender's, s"),
    Column::told("peak of the receiver, MiB"),
    Column::told("of the sender, MiB"),
];

pub(crate) fn race(options: &Options) -> Outcome<()> {
    println!("## A file through a connection\n");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("lines.txt");
    write_lines(&file, options.size << 20, options.line)?;
    println!("{}\n", checked(folder.path(), &file)?);
    let there = |pair: &&Pair| pair.program == OUR_NAME || installed(pair.program);
    let pairs: Vec<&Pair> = PAIRS.iter().filter(there).collect();
    let mut contestants: Vec<&str> = pairs.iter().map(|pair| pair.name).collect();
    contestants.push(BARE);
    let title = format!("{} MiB of lines of {} bytes", options.size, options.line);
    let heat = Heat { title: &title, columns: &COLUMNS };
    heat.run(options, &contestants, |name| {
        let pair = pairs.iter().find(|pair| pair.name == name);
        run(pair.copied(), &file, options.size << 20, Stdio::null())
    });
    Ok(())
}

/// Writes numbered lines of this length.
fn write_lines(path: &PathBuf, size: u64, line: usize) -> Outcome<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for n in 0..size / line as u64 {
        writeln!(file, "{n:0width$}", width = line - 1)?;
    }
    Ok(file.flush()?)
}

fn put(words: &[&str], port: u16) -> Vec<String> {
    let address = format!("127.0.0.1:{port}");
    let number = port.to_string();
    words.iter().map(|word| word.replace("ADDR", &address).replace("PORT", &number)).collect()
}

/// Sends the file through once; without a pair, bare.
fn run(pair: Option<&Pair>, file: &Path, size: u64, to: Stdio) -> Outcome<Sample> {
    let port = free_port()?;
    let (mut sink, mut source) = if let Some(pair) = pair {
        let program = if pair.program == OUR_NAME { ours() } else { pair.program };
        let (mut sink, mut source) = (command(program), command(program));
        sink.args(put(pair.sink, port));
        source.args(put(pair.source, port)).stdin(File::open(file)?);
        (sink, source)
    } else {
        let words = put(&["PORT", "ADDR"], port);
        let file = file.display().to_string();
        let sink = crate::bare::command(&["sink", &words[0]]);
        (sink, crate::bare::command(&["source", &words[1], &file]))
    };
    let mut receiver = Process::start(sink.stdout(to))?;
    wait_for(&mut receiver, port)?;
    let began = Instant::now();
    let sender = Process::start(&mut source)?;
    let (mut peak, mut peak_there, mut looked) = (0.0_f64, 0.0_f64, began);
    let (mut busy, mut busy_there) = (0.0_f64, 0.0_f64);
    while receiver.runs() && began.elapsed() < PATIENCE {
        if looked.elapsed() > LOOK {
            looked = Instant::now();
            busy = busy.max(receiver.busy());
            busy_there = busy_there.max(sender.busy());
            peak = peak.max(receiver.peak().unwrap_or(0.0));
            peak_there = peak_there.max(sender.peak().unwrap_or(0.0));
        }
        sleep(Duration::from_millis(1));
    }
    let took = began.elapsed().as_secs_f64();
    receiver.finish(Duration::ZERO)?;
    sender.finish(PATIENCE)?;
    let mebi = f64::from(1 << 20);
    Ok(vec![size as f64 / took / 1e6, busy, busy_there, peak / mebi, peak_there / mebi])
}

/// Has the file go through to another file, and compares them.
fn checked(folder: &Path, file: &Path) -> Outcome<String> {
    let came = folder.join("came.txt");
    run(Some(&PAIRS[0]), file, 1, File::create(&came)?.into())?;
    let (mut said, mut heard) = (File::open(file)?, File::open(&came)?);
    let (mut one, mut other) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let size = said.read(&mut one)?;
        heard.read_exact(&mut other[..size]).map_err(|_| "what came is shorter than the file")?;
        if one[..size] != other[..size] {
            return Err("what came is not what was in the file".into());
        }
        if size == 0 {
            break;
        }
    }
    if heard.read(&mut other)? > 0 {
        return Err("what came is longer than the file".into());
    }
    fs::remove_file(came)?;
    Ok("Checked before: what comes out of chat-repl is the file, byte for byte.".to_owned())
}
