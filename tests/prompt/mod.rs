//! The prompt, as a person has it: the program itself on a pseudo-terminal that vt100 draws.

mod chat;
mod commands;
mod encodings;
mod flood;
mod guests;
mod half_typed;
mod keys;
mod leaving;
mod mock;
mod replaying;
mod room;
mod starting;
mod tap;

use std::ops::{Deref, DerefMut};
use std::process::ExitStatus;

use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::peer::{Peer, listen};
use crate::support::proc::Repl;
use crate::support::pty::{Pty, rows};

/// A person at a terminal of 24 rows and 80 columns, in front of `chat-repl`.
struct Person {
    pty: Pty,
    /// Its home is gone when this is.
    _repl: Repl,
}

impl Person {
    /// Sits down and starts the program.
    fn sits(repl: Repl) -> Person {
        Person::sits_at(repl, 24, 80)
    }

    /// The same, at a terminal of this size.
    fn sits_at(repl: Repl, rows: u16, cols: u16) -> Person {
        Person { pty: Pty::spawn(repl.command(), rows, cols), _repl: repl }
    }

    /// Listens on a free port; with its address.
    #[track_caller]
    fn hosts() -> (Person, String) {
        Person::hosts_with(&[])
    }

    /// The same, with more options.
    #[track_caller]
    fn hosts_with(options: &[&str]) -> (Person, String) {
        let person = Person::sits(Repl::new().args(["--listen", "127.0.0.1:0"]).args(options));
        let addr = listening_addr(&person);
        person.wait_for_prompt();
        (person, addr)
    }

    /// Connects, and has the prompt.
    #[track_caller]
    fn joins(addr: &str) -> Person {
        let person = Person::connects(addr, &[]);
        person.wait_for_text("-- connected to ");
        person.wait_for_prompt();
        person
    }

    /// Starts to connect.
    fn connects(addr: &str, options: &[&str]) -> Person {
        Person::sits(Repl::new().args(["--connect", addr]).args(options))
    }

    /// Has joined a server that is in the test's hands.
    #[track_caller]
    fn joins_a_server() -> (Person, Peer) {
        let (listener, addr) = listen();
        let person = Person::joins(&addr.to_string());
        (person, Peer::accept(&listener))
    }

    /// Hosts, with one guest, who is in the test's hands.
    #[track_caller]
    fn hosts_a_guest() -> (Person, Peer) {
        let (host, addr) = Person::hosts();
        let guest = host.greets(&addr);
        (host, guest)
    }

    /// Another guest, once the host has been told of it.
    #[track_caller]
    fn greets(&self, addr: &str) -> Peer {
        let joined = |screen: &vt100::Screen| screen.contents().matches(" joined from ").count();
        let before = self.rows().iter().filter(|row| row.contains(" joined from ")).count();
        let guest = Peer::connect(addr);
        self.wait_for(|screen| joined(screen) > before);
        guest
    }

    /// Waits for an empty prompt with the cursor in it.
    #[track_caller]
    fn wait_for_prompt(&self) {
        self.wait_for_line("");
    }

    /// Waits until this stands at the prompt, with the cursor behind it.
    #[track_caller]
    fn wait_for_line(&self, typed: &str) {
        let line = format!("> {typed}");
        self.wait_for(|screen| {
            let (row, column) = screen.cursor_position();
            let before = screen.contents_between(row, 0, row, column);
            before.ends_with(&line) && !before.ends_with('\n')
        });
    }

    /// Types a line, and Enter.
    fn enters(&self, line: &str) {
        self.type_keys(&format!("{line}\r"));
    }

    /// The same, and waits until the next line can be typed.
    #[track_caller]
    fn has_said(&self, line: &str) {
        self.enters(line);
        self.wait_for_row(&format!("> {line}"));
        self.wait_for_prompt();
    }

    /// The rows that are not empty.
    fn text(&self) -> Vec<String> {
        self.rows().into_iter().filter(|row| !row.is_empty()).collect()
    }

    /// Waits until some row of the screen is the time of day and then this.
    #[track_caller]
    fn wait_for_timed(&self, text: &str) {
        let timed = Regex::new(&format!(r"^\d\d:\d\d:\d\d {}$", regex::escape(text))).unwrap();
        self.wait_for(|screen| rows(screen).iter().any(|row| timed.is_match(row)));
    }

    /// Sends the program a signal.
    fn signalled(&self, signal: Signal) {
        let pid = Pid::from_raw(self.id().cast_signed()).expect("a program has a number");
        kill_process(pid, signal).expect("it can be signalled");
    }

    /// Waits for the end, which leaves the terminal as it was, and has this exit status.
    #[track_caller]
    fn left_with(&mut self, code: i32) {
        let status: ExitStatus = self.wait_exit();
        assert_eq!(status.code(), Some(code), "{}", self.picture());
        self.assert_left_well();
    }
}

impl Deref for Person {
    type Target = Pty;

    fn deref(&self) -> &Pty {
        &self.pty
    }
}

impl DerefMut for Person {
    fn deref_mut(&mut self) -> &mut Pty {
        &mut self.pty
    }
}

/// The address that a listener's notice names.
#[track_caller]
fn listening_addr(pty: &Pty) -> String {
    const NOTICE: &str = "-- listening on ";
    // The cursor is below it, so that it is there whole.
    pty.wait_for(|screen| {
        let notice = rows(screen).iter().position(|row| row.starts_with(NOTICE));
        notice.is_some_and(|notice| notice < usize::from(screen.cursor_position().0))
    });
    let shown = pty.rows();
    let addr = shown.iter().find_map(|row| row.strip_prefix(NOTICE));
    addr.expect("the notice is there").to_owned()
}
