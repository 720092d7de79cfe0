//! A peer that says more than a screen can show.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread;

use tempfile::TempDir;

use super::Person;
use crate::support::peer::listen;

/// Says numbered lines until nobody listens any more, or `most` of them.
fn floods(listener: TcpListener, most: usize) -> thread::JoinHandle<TcpStream> {
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut block = String::new();
        for n in 0..most {
            block.push_str(&line(n));
            block.push('\n');
            if block.len() > 60_000 || n + 1 == most {
                if stream.write_all(block.as_bytes()).is_err() {
                    break;
                }
                block.clear();
            }
        }
        stream
    })
}

/// What stands in each of them: which are shown is another matter.
const FLOODED: &str = "as wide as lines often are";

/// A line of 40 bytes.
fn line(n: usize) -> String {
    format!("flood {n:09} {FLOODED}")
}

/// A person who connected to a server that does not stop talking.
#[track_caller]
fn in_a_flood() -> (Person, thread::JoinHandle<TcpStream>) {
    let (listener, addr) = listen();
    let flood = floods(listener, usize::MAX);
    let person = Person::connects(&addr.to_string(), &[]);
    person.wait_for_written(FLOODED);
    (person, flood)
}

#[test]
fn quit_is_obeyed_while_a_flood_goes_on() {
    let (mut person, flood) = in_a_flood();
    person.enters("/quit");
    person.left_with(0);
    flood.join().unwrap();
}

#[test]
fn ctrl_d_is_obeyed_while_a_flood_goes_on() {
    let (mut person, flood) = in_a_flood();
    person.type_keys("\x04");
    person.left_with(0);
    flood.join().unwrap();
}

#[test]
fn what_is_typed_during_a_flood_is_sent() {
    let (mut person, flood) = in_a_flood();
    person.enters("in the middle of it");
    // Only a line that was sent is in the transcript.
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("flood.json");
    person.enters(&format!("/save {}", file.display()));
    person.wait_for_written("-- saved ");
    person.enters("/quit");
    person.left_with(0);
    let saved = fs::read_to_string(file).unwrap();
    assert!(saved.contains(r#""from":"client","line":"in the middle of it""#));
    drop(flood.join());
}

#[test]
fn a_flood_is_kept_whole_and_what_the_screen_leaves_off_is_counted() {
    const LINES: usize = 400_000;
    let dir = TempDir::new().unwrap();
    let record = dir.path().join("flood.jsonl");
    let (listener, addr) = listen();
    let addr = addr.to_string();
    let mut person =
        Person::connects(&addr, &["--color", "never", "--record", record.to_str().unwrap()]);
    person.wait_for_prompt();
    // A terminal that takes nothing, until most of the flood has gone past it.
    person.stop();
    let stream = floods(listener, LINES).join().unwrap();
    person.go_on();
    person.wait_for_row(&line(LINES - 1));
    person.enters("/quit");
    person.left_with(0);
    drop(stream);
    let written = person.written();
    let shown = written.matches("flood 0").count();
    let left_off = left_off(&written);
    assert!(left_off > 0, "all {shown} were shown: the test is too small");
    let recorded = fs::read_to_string(&record).unwrap();
    let (said, partial) = said_by_server(&recorded);
    let mut said = said.lines();
    for n in 0..LINES {
        assert_eq!(said.next(), Some(&*line(n)));
    }
    assert_eq!(said.next(), None);
    // Of a line that came in two parts, one may be on the screen and one left off.
    let told = LINES..=LINES + partial;
    assert!(told.contains(&(shown + left_off)), "{shown} and {left_off} of {LINES} lines");
}

/// What the server said, and how many of its lines are partial.
fn said_by_server(recorded: &str) -> (String, usize) {
    let lines =
        recorded.lines().filter_map(|event| event.split_once(r#""from":"server","line":""#));
    let (mut said, mut partial) = (String::new(), 0);
    for (_, line) in lines {
        // There is nothing in them that JSON would escape.
        let (text, rest) = line.split_once('"').unwrap();
        said.push_str(text);
        if rest.contains("eol") {
            partial += 1;
        } else {
            said.push('\n');
        }
    }
    (said, partial)
}

/// The sum of what the screen says it left off.
fn left_off(written: &str) -> usize {
    let notices = written.lines().filter_map(|row| row.split_once(" lines left off the screen"));
    let count = |(before, _): (&str, &str)| {
        let (_, count) = before.rsplit_once("-- ").expect("it is a notice");
        count.replace(',', "").parse::<usize>().expect("it is a count")
    };
    notices.map(count).sum()
}
