//! What a conn recorded, as turns: what one side said without the other speaking between.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::presence::Presence;
use crate::transcript::{Event, Transcript, What};
use crate::units::At;
use crate::wire::{ConnId, Line, Side};

/// The turns of one conn, seen from one side.
#[derive(Debug)]
pub(super) struct Turns {
    pub(super) turns: Vec<Turn>,
    /// How many lines the other side says.
    pub(super) expected: u64,
}

/// What one side said without the other speaking between.
#[derive(Debug)]
pub(super) enum Turn {
    /// Our side: what to say.
    Ours(Bytes),
    /// The other side: what to hear, line by line. The border between two reads does not matter, and
    /// partial lines are joined.
    Theirs(Vec<Expected>),
    /// Our side has ended, and the other has not: it may have waited for that to go on.
    HalfClose,
}

/// A line to hear; the last of a turn may be partial, and then what follows it is another turn's.
#[derive(Debug, Clone, Default)]
pub(super) struct Expected {
    /// Line end included.
    pub(super) bytes: Vec<u8>,
    /// The events that it was recorded in: where each begins in it, and its number, from 1.
    events: Vec<(usize, usize)>,
    /// How long it took to come.
    pub(super) delay: Duration,
}

/// What one event says.
struct Piece {
    event: usize,
    bytes: Bytes,
    /// How long after what was said before it.
    delay: Duration,
}

impl Turns {
    pub(super) fn of(transcript: &Transcript, conn: Option<ConnId>, own: Side) -> Turns {
        let mut turns = Turns { turns: Vec::new(), expected: 0 };
        let mut pieces: Vec<Piece> = Vec::new();
        let mut presence = Presence::new(transcript, conn);
        let mut speaker = own;
        let mut before = At::START;
        for (index, event) in transcript.events.iter().enumerate() {
            presence.observe(event);
            if ends(event, conn, own) {
                turns.end(std::mem::take(&mut pieces), speaker == own);
                turns.turns.push(Turn::HalfClose);
            }
            let Some((from, bytes)) = said(event, &presence) else { continue };
            if from != speaker {
                turns.end(std::mem::take(&mut pieces), speaker == own);
                speaker = from;
            }
            pieces.push(Piece { event: index + 1, bytes, delay: event.at.since(before) });
            before = event.at;
        }
        turns.end(pieces, speaker == own);
        // With the last turn our side ends anyway.
        turns.turns.pop_if(|last| matches!(last, Turn::HalfClose));
        turns
    }

    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    fn end(&mut self, pieces: Vec<Piece>, ours: bool) {
        if pieces.is_empty() {
            return;
        }
        if ours {
            let mut all = BytesMut::new();
            for piece in &pieces {
                all.extend_from_slice(&piece.bytes);
            }
            self.turns.push(Turn::Ours(all.freeze()));
        } else {
            let lines = join(pieces);
            self.expected += lines.len() as u64;
            self.turns.push(Turn::Theirs(lines));
        }
    }
}

impl Expected {
    /// The number of the event that the byte at `at` was recorded in.
    pub(super) fn event(&self, at: usize) -> usize {
        let begun = self.events.iter().rev().find(|(start, _)| *start <= at);
        begun.map_or(0, |(_, event)| *event)
    }

    fn add(&mut self, event: usize, bytes: &[u8], delay: Duration) {
        self.events.push((self.bytes.len(), event));
        self.bytes.extend_from_slice(bytes);
        self.delay += delay;
    }
}

/// Whether `side` half-closes the conn.
fn ends(event: &Event, conn: Option<ConnId>, side: Side) -> bool {
    let closes = matches!(&event.what, What::Close { from, how } if *from == side && how == "eof");
    closes && event.conn == conn
}

/// What an event says on this conn, and who says it; `None` where it is nothing.
fn said(event: &Event, presence: &Presence) -> Option<(Side, Bytes)> {
    let What::Line(said) = &event.what else { return None };
    let bytes = Line { text: &said.text, eol: said.eol }.to_bytes();
    let concerns = presence.concerns(event, said.from) && !bytes.is_empty();
    concerns.then_some((said.from, bytes))
}

/// Joins partial lines with what follows them, and cuts at line ends: a transcript that was written by
/// hand may have some within a line.
fn join(pieces: Vec<Piece>) -> Vec<Expected> {
    let mut lines: Vec<Expected> = Vec::new();
    for Piece { event, bytes, mut delay } in pieces {
        let mut rest = &*bytes;
        while !rest.is_empty() {
            let (line, behind) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |at| at + 1));
            match lines.last_mut() {
                Some(last) if !last.bytes.ends_with(b"\n") => last.add(event, line, delay),
                _ => {
                    let mut begun = Expected::default();
                    begun.add(event, line, delay);
                    lines.push(begun);
                }
            }
            (rest, delay) = (behind, Duration::ZERO);
        }
    }
    lines
}
