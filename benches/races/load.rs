//! Turns a second on many connections, against Redis.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::iter;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::process::{Process, command, installed};
use crate::room::{Open, Room};
use crate::table::{Column, Heat, Sample};
use crate::tape::tape;
use crate::{Options, Outcome, ours};

const OUR_NAME: &str = "chat-repl load";
const BENCHMARK: &str = "redis-benchmark -P 1";
const BARE: &str = "bare client";

/// How long clients may take to connect and get up to speed.
const WARM_UP: Duration = Duration::from_millis(700);

const COLUMNS: [Column; 4] = [
    Column::raced("turns a second"),
    Column::raced("turns in a second of its processor"),
    Column::told("its processor, %"),
    Column::told("Redis's, %"),
];

/// Turns of one session: more than a run has on one connection, since each session has one of its own.
const TURNS: usize = 20_000;

pub(crate) fn race(options: &Options) -> Outcome<()> {
    println!("## Load: turns a second on many connections\n");
    if !installed("redis-server") {
        println!("redis-server is not installed: left out.\n");
        return Ok(());
    }
    println!(
        "`PING`, answered `+PONG` by Redis, on each connection when its last answer has come. Counted \
         by Redis. The bare client compares seven bytes; chat-repl checks every reply; redis-benchmark \
         parses replies and checks none.\n"
    );
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("ping.json");
    let turn = ["PING", "+PONG"].map(str::to_owned);
    fs::write(&file, tape("\\r\\n", iter::repeat_n(turn, TURNS)))?;
    let mut contestants = vec![OUR_NAME];
    contestants.extend(installed("redis-benchmark").then_some(BENCHMARK));
    contestants.push(BARE);
    for conns in options.guests(&[50, 1000]) {
        let title = format!("{conns} connections");
        let heat = Heat { title: &title, columns: &COLUMNS };
        heat.run(options, &contestants, |name| run(options, name, &file, conns));
    }
    Ok(())
}

fn run(options: &Options, name: &str, file: &Path, conns: usize) -> Outcome<Sample> {
    let open = Room::Redis.open(true)?;
    let mut asking = TcpStream::connect(("127.0.0.1", open.port))?;
    let time = options.time() * 2;
    let mut client = Process::start(&mut client(name, file, &open, conns, WARM_UP + time * 3))?;
    sleep(WARM_UP);
    let (before, busy, busy_there) = (processed(&mut asking)?, client.busy(), open.process.busy());
    let began = Instant::now();
    sleep(time);
    let turns = processed(&mut asking)? - before;
    let took = began.elapsed().as_secs_f64();
    if !client.runs() {
        return Err("it ended too early".into());
    }
    let here = client.busy() - busy;
    let there = open.process.busy() - busy_there;
    let turns = turns as f64;
    Ok(vec![turns / took, turns / here, 100.0 * here / took, 100.0 * there / took])
}

fn client(name: &str, file: &Path, open: &Open, conns: usize, time: Duration) -> Command {
    let (port, conns) = (open.port.to_string(), conns.to_string());
    let address = format!("127.0.0.1:{port}");
    match name {
        OUR_NAME => {
            let mut command = command(ours());
            command.arg("load").arg(file).args(["--connect", &address, "--clients", &conns]);
            command.args(["--duration", &format!("{}ms", time.as_millis())]);
            command
        }
        BENCHMARK => {
            let mut command = command("redis-benchmark");
            command.args(["-h", "127.0.0.1", "-p", &port, "-c", &conns, "-P", "1", "-q"]);
            command.args(["-n", "1000000000", "-t", "ping_mbulk"]);
            command
        }
        _ => crate::bare::command(&["pings", &address, &conns]),
    }
}

/// How many commands Redis has processed.
fn processed(conn: &mut TcpStream) -> Outcome<u64> {
    conn.write_all(b"INFO stats\r\n")?;
    let mut answer = BufReader::new(conn);
    let mut size = String::new();
    answer.read_line(&mut size)?;
    let size: usize = size.trim().trim_start_matches('$').parse()?;
    let mut told = vec![0; size + 2];
    answer.read_exact(&mut told)?;
    let told = String::from_utf8_lossy(&told);
    let count = told.lines().find_map(|line| line.strip_prefix("total_commands_processed:"));
    Ok(count.ok_or("Redis does not count")?.trim().parse()?)
}
