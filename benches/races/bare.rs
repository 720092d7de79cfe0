//! What does nothing but the work of the kernel: what the generator itself can do, and floors.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener as Blocking, TcpStream as Stream};
use std::process::Command;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::Outcome;

/// Bytes of one read where lines pass.
const READ: usize = 64 << 10;

/// Bytes of one read where a file passes: what `socat -b262144` has.
const BIG: usize = 256 << 10;

/// This program as one of those below.
pub(crate) fn command(words: &[&str]) -> Command {
    let here = std::env::current_exe().unwrap_or_default();
    let mut command = crate::process::command(&here.display().to_string());
    command.arg("bare").args(words);
    command
}

/// Is one of those below.
pub(crate) fn run(words: &[String]) -> Outcome<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["relay", port] => relay(port.parse()?),
        ["source", address, file] => source(address, file),
        ["sink", port] => sink(port.parse()?),
        ["turns", address, turns] => say(address, turns.parse()?),
        ["pings", address, conns] => pings(address, conns.parse()?),
        _ => Err("nothing bare is called so".into()),
    }
}

/// A conn of the relay, with what it could not take yet.
struct Relayed {
    stream: TcpStream,
    waiting: Vec<u8>,
}

impl Relayed {
    fn take(&mut self, piece: &[u8]) {
        let mut piece = piece;
        while self.waiting.is_empty() && !piece.is_empty() {
            match self.stream.write(piece) {
                Ok(size) => piece = &piece[size..],
                Err(_) => break,
            }
        }
        self.waiting.extend_from_slice(piece);
    }

    fn flush(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.take(&waiting);
    }
}

/// Copies the bytes of each conn to all the others.
fn relay(port: u16) -> Outcome<()> {
    const LISTENER: Token = Token(usize::MAX);
    let mut listener = TcpListener::bind(([127, 0, 0, 1], port).into())?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let (mut conns, mut next) = (HashMap::<usize, Relayed>::new(), 0);
    let mut buffer = vec![0; READ];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut stream, Token(next), interest)?;
                    conns.insert(next, Relayed { stream, waiting: Vec::new() });
                    next += 1;
                }
                continue;
            }
            let from = event.token().0;
            if event.is_writable() {
                conns.entry(from).and_modify(Relayed::flush);
            }
            while let Some(conn) = conns.get_mut(&from) {
                match conn.stream.read(&mut buffer) {
                    Ok(size) if size > 0 => {
                        let others = conns.iter_mut().filter(|(to, _)| **to != from);
                        others.for_each(|(_, other)| other.take(&buffer[..size]));
                    }
                    Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                    Ok(_) | Err(_) => {
                        conns.remove(&from);
                    }
                }
            }
        }
    }
}

/// Writes a file to a conn.
fn source(address: &str, file: &str) -> Outcome<()> {
    let (mut file, mut conn) = (File::open(file)?, Stream::connect(address)?);
    let mut buffer = vec![0; BIG];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            size => conn.write_all(&buffer[..size])?,
        }
    }
}

/// Reads a conn to its end.
fn sink(port: u16) -> Outcome<()> {
    let (mut conn, _) = Blocking::bind(("127.0.0.1", port))?.accept()?;
    let mut buffer = vec![0; BIG];
    while conn.read(&mut buffer)? > 0 {}
    Ok(())
}

/// Says a line and waits for its answer, so often.
fn say(address: &str, turns: u64) -> Outcome<()> {
    let mut conn = Stream::connect(address)?;
    conn.set_nodelay(true)?;
    let mut answers = BufReader::new(conn.try_clone()?);
    let mut answer = String::new();
    for n in 0..turns {
        conn.write_all(format!("PING {n}\n").as_bytes())?;
        answer.clear();
        answers.read_line(&mut answer)?;
        if answer.trim_end().strip_prefix("OK ") != Some(n.to_string().as_str()) {
            return Err(format!("the answer to {n} was {answer:?}").into());
        }
    }
    Ok(())
}

/// Has so many conns ask Redis whether it is there, each when the last answer has come, for ever.
fn pings(address: &str, conns: usize) -> Outcome<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut streams = Vec::new();
    for n in 0..conns {
        let stream = Stream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(n), Interest::READABLE)?;
        stream.write_all(b"PING\r\n")?;
        streams.push(stream);
    }
    let mut buffer = [0; 512];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            let stream = &mut streams[event.token().0];
            match stream.read(&mut buffer)? {
                7 if buffer.starts_with(b"+PONG\r\n") => stream.write_all(b"PING\r\n")?,
                _ => return Err("that was no answer".into()),
            }
        }
    }
}
