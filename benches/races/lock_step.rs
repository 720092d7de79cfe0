//! Turns a second on one connection: a line, its answer, the next line.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Process, command, installed, version};
use crate::table::{Column, Heat, Sample};
use crate::tape::tape;
use crate::{Options, Outcome, ours};

/// How long one run may take.
const PATIENCE: Duration = Duration::from_secs(120);

const SCRIPT: &str = "chat-repl --script, /expect -x";
const PATTERNS: &str = "chat-repl --script, a pattern a turn";
const REPLAY: &str = "chat-repl --replay";
const FLOOR: &str = "blocking loop";
const PYTHON: &str = "Python socket";
const EXPECT: &str = "expect";
const PEXPECT: &str = "pexpect";

const COLUMNS: [Column; 2] =
    [Column::raced("turns a second"), Column::told("seconds in all, start-up included")];

/// Expect, on a socket rather than on a terminal.
const EXPECT_LOOP: &str = "
log_user 0
set timeout 10
lassign $argv port turns
set conn [socket 127.0.0.1 $port]
fconfigure $conn -translation binary
spawn -open $conn
for {set n 0} {$n < $turns} {incr n} {
    send \"PING $n\\n\"
    expect {
        -ex \"OK $n\\n\" {}
        timeout { exit 1 }
        eof { exit 1 }
    }
}
";

const PEXPECT_LOOP: &str = "
import socket, sys
from pexpect.fdpexpect import fdspawn
conn = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
child = fdspawn(conn.fileno())
child.delaybeforesend = None
for n in range(int(sys.argv[2])):
    child.send(b'PING %d\\n' % n)
    child.expect_exact(b'OK %d\\n' % n)
";

const PYTHON_LOOP: &str = "
import socket, sys
conn = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
answers = conn.makefile('rb')
for n in range(int(sys.argv[2])):
    conn.sendall(b'PING %d\\n' % n)
    assert answers.readline() == b'OK %d\\n' % n
";

pub(crate) fn race(options: &Options) -> Outcome<()> {
    println!("## Lock-step turns on one connection\n");
    let turns: u64 = if options.quick { 2000 } else { 100_000 };
    println!(
        "`PING n`, answered `OK n` at once by a thread of the bench, and checked: {turns} turns, a \
         quarter of that for expect and pexpect. Timed by that thread, from the first line to the last.\n"
    );
    let folder = tempfile::tempdir()?;
    write_files(folder.path(), turns)?;
    let mut contestants = vec![SCRIPT, PATTERNS, REPLAY, FLOOR];
    contestants.extend(installed("python3").then_some(PYTHON));
    contestants.extend(installed("expect").then_some(EXPECT));
    let pexpect = version(&["python3", "-c", "import pexpect; print(pexpect.__version__)"]);
    contestants.extend(pexpect.map(|_| PEXPECT));
    let heat = Heat { title: "One connection", columns: &COLUMNS };
    heat.run(options, &contestants, |name| {
        let slow = name == EXPECT || name == PEXPECT;
        run(name, folder.path(), if slow { turns / 4 } else { turns })
    });
    Ok(())
}

/// The same turns as a script and as a transcript, and the loops of the peers.
fn write_files(folder: &Path, turns: u64) -> Outcome<()> {
    let (mut script, mut patterns) = (String::new(), String::new());
    for n in 0..turns {
        writeln!(script, "PING {n}\n/expect -n -x OK {n}")?;
        writeln!(patterns, "PING {n}\n/expect -n ^OK {n}$")?;
    }
    let said = (0..turns).map(|n| [format!("PING {n}"), format!("OK {n}")]);
    fs::write(folder.join("turns.chat"), script)?;
    fs::write(folder.join("patterns.chat"), patterns)?;
    fs::write(folder.join("turns.json"), tape("\\n", said))?;
    fs::write(folder.join("by_expect.tcl"), EXPECT_LOOP)?;
    fs::write(folder.join("by_pexpect.py"), PEXPECT_LOOP)?;
    Ok(fs::write(folder.join("by_socket.py"), PYTHON_LOOP)?)
}

fn run(name: &str, folder: &Path, turns: u64) -> Outcome<Sample> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let server = thread::spawn(move || answer(&listener, turns));
    let began = Instant::now();
    Process::start(&mut client(name, folder, port, turns))?.finish(PATIENCE)?;
    let all = began.elapsed().as_secs_f64();
    let took = server.join().map_err(|_| "the server panicked")??;
    Ok(vec![turns as f64 / took.as_secs_f64(), all])
}

fn client(name: &str, folder: &Path, port: u16, turns: u64) -> Command {
    let address = format!("127.0.0.1:{port}");
    let ours = |option: &str, file: &str| {
        let mut command = command(ours());
        command.args(["-q", "--connect", &address, option]).arg(folder.join(file));
        command
    };
    let theirs = |program: &str, file: &str| {
        let mut command = command(program);
        command.arg(folder.join(file)).args([port.to_string(), turns.to_string()]);
        command
    };
    match name {
        SCRIPT => ours("--script", "turns.chat"),
        PATTERNS => ours("--script", "patterns.chat"),
        REPLAY => ours("--replay", "turns.json"),
        PYTHON => theirs("python3", "by_socket.py"),
        EXPECT => theirs("expect", "by_expect.tcl"),
        PEXPECT => theirs("python3", "by_pexpect.py"),
        _ => crate::bare::command(&["turns", &address, &turns.to_string()]),
    }
}

/// Answers one client, and tells how long the turns took.
fn answer(listener: &TcpListener, turns: u64) -> Outcome<Duration> {
    let (mut conn, _): (TcpStream, _) = listener.accept()?;
    conn.set_nodelay(true)?;
    let mut lines = BufReader::new(conn.try_clone()?);
    let (mut line, mut answer) = (String::new(), String::new());
    let mut began = None;
    for n in 0..turns {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Err(format!("the client left after {n} turns").into());
        }
        began.get_or_insert_with(Instant::now);
        answer.clear();
        write!(answer, "OK {}", line.strip_prefix("PING ").unwrap_or("?\n"))?;
        conn.write_all(answer.as_bytes())?;
    }
    let took = began.map_or(Duration::ZERO, |began| began.elapsed());
    line.clear();
    lines.read_line(&mut line).ok();
    Ok(took)
}
