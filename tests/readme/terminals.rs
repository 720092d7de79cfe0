//! The `console host` and `console guest` blocks: two people at their terminals.

use std::process::Command;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use super::blocks::{Block, Document, settled};
use crate::support::pty::{self, Pty};

/// Enough that neither of the two scrolls.
const SIZE: (u16, u16) = (24, 100);

/// The documents that show them.
pub(super) const SHOWN: [&str; 2] = ["README.md", "docs/tutorial.md"];

#[test]
fn two_people_see_what_the_readme_shows() {
    meet(SHOWN[0]);
}

#[test]
fn two_people_see_what_the_tutorial_shows() {
    meet(SHOWN[1]);
}

fn meet(name: &str) {
    let document = Document::open(name);
    let blocks = document.blocks();
    let block = |info| blocks.iter().find(|block| block.info == info).expect("such a terminal");
    let (host, guest) = (block("console host"), block("console guest"));
    let (tell, told) = mpsc::channel();
    thread::scope(|people| {
        people.spawn(|| sit(host, Seat::Host(tell)));
        people.spawn(|| sit(guest, Seat::Guest(told)));
    });
}

/// What a terminal has to know, or to tell, of the other.
enum Seat {
    /// Tells its address.
    Host(Sender<String>),
    /// Waits for it.
    Guest(Receiver<String>),
}

/// Plays the part of a person, who types when the lines above have come.
fn sit(block: &Block, seat: Seat) {
    let (command, lines) = block.lines.split_first().expect("a command");
    let lines: Vec<&str> =
        lines.iter().copied().filter(|line| !is_of_every_interface(line)).collect();
    let home = TempDir::new().unwrap();
    let mut terminal = start(command, &seat, &home);
    let is = |screen: &vt100::Screen, upto: usize| shown(screen).starts_with(&wanted(&lines, upto));
    if let Seat::Host(tell) = seat {
        terminal.wait_for_text("-- listening on ");
        let row = terminal.rows().into_iter().find(|row| row.contains("-- listening on "));
        tell.send(row.unwrap().rsplit(' ').next().unwrap().to_owned()).unwrap();
    }
    for (index, line) in lines.iter().enumerate() {
        if let Some(typed) = line.strip_prefix("> ") {
            terminal.wait_for(|screen| is(screen, index));
            terminal.type_keys(&format!("{typed}\r"));
        }
    }
    assert!(terminal.wait_exit().success(), "{}", terminal.picture());
    let rows = settled(&terminal.rows().join("\n"));
    assert_eq!(said(&rows), said(&settled(&lines.join("\n"))), "{}", terminal.picture());
}

fn start(command: &str, seat: &Seat, home: &TempDir) -> Pty {
    let mut args: Vec<String> = command.split(' ').skip(2).map(str::to_owned).collect();
    match seat {
        Seat::Host(_) => {
            assert_eq!(args[0], "--listen");
            args.splice(1.., ["127.0.0.1:0".to_owned()]);
        }
        Seat::Guest(told) => {
            assert_eq!((args.len(), &*args[0]), (2, "--connect"));
            args[1] = told.recv().expect("the host listens");
        }
    }
    let mut program = Command::new(cargo_bin!("chat-repl"));
    program.args(args).current_dir(home).env("HOME", home.path());
    Pty::spawn(program, SIZE.0, SIZE.1)
}

/// Whether a line is told only by a listener on every interface: this one is on one.
fn is_of_every_interface(line: &str) -> bool {
    line.starts_with("-- reachable at ") || line.starts_with("-- anybody who can reach ")
}

/// The first `upto` lines, as they are to be on the screen.
fn wanted(lines: &[&str], upto: usize) -> Vec<String> {
    lines[..upto].iter().map(|line| settled(line)).collect()
}

fn shown(screen: &vt100::Screen) -> Vec<String> {
    pty::rows(screen).iter().map(|row| settled(row)).collect()
}

/// Without the prompt that nothing was typed at, and what is below it.
fn said(screen: &str) -> String {
    screen.trim_end_matches(['\n', ' ', '>']).to_owned()
}
