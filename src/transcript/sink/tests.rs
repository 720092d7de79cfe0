//! Files and pipes that keep up, stall, fail, or are to lose what they cannot take.

use super::*;
use crate::transcript::json::parse;
use crate::transcript::testing::{header, said};
use crate::transcript::{Ended, create};
use crate::wire::Side;
use std::sync::mpsc::{Receiver, Sender, channel};

/// A line to every open conn.
fn line(text: String) -> Record {
    Record { conn: None, ..said(Side::Client, text) }
}

/// Takes a batch when it is allowed to; without anybody to allow it, it is a closed pipe.
struct Gate {
    allowed: Receiver<()>,
    written: Sender<Vec<u8>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.allowed.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
        let _ = self.written.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn all_that_is_pushed_is_written_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("talk.jsonl");
    let file = create(&path).unwrap();
    let sink = Sink::file(file, "talk.jsonl", &header(), 1 << 20, |event| panic!("{event:?}"));
    let sink = sink.unwrap();
    for n in 0..1000 {
        sink.push(line(format!("{n}\n")));
    }
    assert!(sink.finish(At::from_micros(5), &mut || false));
    let read = parse(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!((read.events.len(), read.ended), (1000, Ended::Whole));
    let last = crate::transcript::cut(&line("999\n".to_owned())).next();
    assert_eq!(read.events.last(), last.as_ref());
}

/// A recording to a file behind a gate, which holds 1,000 bytes back, and what is told of it.
fn behind(gate: Gate) -> (Sink, Receiver<SinkEvent>) {
    let (tell, told) = channel();
    let tell = move |event| tell.send(event).unwrap();
    (Sink::stream(gate, "slow", &header(), 1000, tell).unwrap(), told)
}

#[test]
fn a_slow_file_is_told_of_and_a_batch_is_one_write() {
    let (allow, allowed) = channel();
    let (written, writes) = channel();
    let (sink, told) = behind(Gate { allowed, written });
    for _ in 0..10 {
        sink.push(line("x".repeat(200) + "\n"));
    }
    assert!(sink.is_over_bound());
    for _ in 0..2 {
        allow.send(()).unwrap();
    }
    assert!(matches!(told.recv().unwrap(), SinkEvent::Drained));
    assert!(!sink.is_over_bound());
    assert_eq!(writes.iter().take(2).last().unwrap().split(|b| *b == b'\n').count(), 11);
    drop(allow);
    sink.push(line("nobody reads this\n".to_owned()));
    let SinkEvent::Failed(error) = told.recv().unwrap() else { panic!("not failed") };
    assert!(error.is_broken_pipe());
    sink.push(line("y".repeat(5000)));
    assert!(!sink.is_over_bound() && !sink.finish(At::START, &mut || true));
}

#[test]
fn a_recording_that_nobody_may_wait_for_fails_once_and_keeps_what_it_has() {
    let (allow, allowed) = channel();
    let (written, writes) = channel();
    let (sink, told) = behind(Gate { allowed, written });
    let sink = sink.that_loses();
    (0..10).for_each(|_| sink.push(line("x".repeat(200) + "\n")));
    let Ok(SinkEvent::Failed(error)) = told.try_recv() else { panic!("not told") };
    assert!(error.to_string().contains("cannot keep up"), "{error}");
    assert!(!sink.is_over_bound(), "nobody waits for it");
    allow.send(()).unwrap();
    drop(allow);
    assert!(!sink.finish(At::START, &mut || true));
    assert!(writes.iter().next().unwrap().ends_with(b"}\n"));
    assert!(told.try_recv().is_err(), "it is told once");
}

#[test]
fn a_reader_that_has_stalled_is_not_waited_for_and_told_of() {
    let (_allow, allowed) = channel();
    let (written, _writes) = channel();
    let (mut sink, told) = behind(Gate { allowed, written });
    sink.push(line("nobody reads this\n".to_owned()));
    sink.patience = Some(Duration::from_millis(1));
    assert!(!sink.finish(At::START, &mut || true));
    let Ok(SinkEvent::Failed(error)) = told.try_recv() else { panic!("not told") };
    assert!(error.to_string().contains("nobody reads it"), "{error}");
}
