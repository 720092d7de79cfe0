//! Replays against a peer that says what was recorded, or something else, in virtual time.

mod cuts;
mod mock;
mod played;
mod told;
mod tolerant;

use std::time::Duration;

use bytes::Bytes;

use super::by_conn::ByConn;
use super::load::Loaded;
use super::manner::{Finish, Manner};
use super::part::{Closes, Doing, Part};
use super::player::Player;
use super::sheet::Sheet;
use crate::matching::{Mask, Masks, Vars};
use crate::script::testing::{End, Options};
use crate::session::testing::conn;
use crate::transcript::{Event, Marks, Said, Transcript, What, json};
use crate::units::At;
use crate::wire::{ConnId, Eol, Side};

const CLOSE: Finish = Finish::Close { half_close: true, linger: Duration::from_secs(5) };

/// A transcript of these events, a tenth of a second apart.
fn transcript(events: Vec<(Option<ConnId>, What)>) -> Transcript {
    let header = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z"}"#;
    let mut transcript = json::parse(header.as_bytes()).unwrap();
    let event = |(index, (conn, what)): (usize, (Option<ConnId>, What))| Event {
        at: At::from_micros(index as u64 * 100_000),
        conn,
        what,
        extra: Vec::new(),
    };
    transcript.events = events.into_iter().enumerate().map(event).collect();
    transcript
}

fn line(from: Side, text: &[u8], eol: Eol) -> What {
    What::Line(Said { from, text: Bytes::copy_from_slice(text), eol, marks: Marks::NONE })
}

/// The events of the first conn: `> ` begins what the client said, `< ` what the server said; without
/// a `\n` at its end it is partial.
fn story(lines: &[&str]) -> Transcript {
    let events = lines.iter().map(|said| {
        let from = if said.starts_with("> ") { Side::Client } else { Side::Server };
        let text = &said.as_bytes()[2..];
        let (text, eol) = match text.strip_suffix(b"\n") {
            Some(text) => (text, Eol::Lf),
            None => (text, Eol::None),
        };
        (Some(conn(1)), line(from, text, eol))
    });
    transcript(events.collect())
}

/// What one side says without the other speaking between.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Turn {
    Ours(Vec<u8>),
    Theirs(Vec<Vec<u8>>),
    HalfClose,
}

fn part_of(transcript: &Transcript, n: u32) -> Part {
    part_with(transcript, n, &Masks::default())
}

/// What our side, as the client, plays of a conn.
fn part_with(transcript: &Transcript, n: u32, masks: &Masks) -> Part {
    let by_conn = ByConn::of(transcript);
    let (conn, own) = (Some(conn(n)), Side::Client);
    Part::of(transcript, &by_conn, conn, own, Closes::LeftOut, masks).unwrap()
}

fn turns(transcript: &Transcript, n: u32) -> Vec<Turn> {
    let part = part_of(transcript, n);
    let ours = part.actions.iter().map(|action| {
        let turn = match &action.what {
            Doing::Say(bytes) => Turn::Ours(bytes.to_vec()),
            Doing::HalfClose => Turn::HalfClose,
            other => panic!("{other:?}"),
        };
        (action.event, turn)
    });
    let theirs = part.items.iter().zip(part.sources.iter());
    let theirs =
        theirs.map(|(item, source)| (source.first(), Turn::Theirs(vec![item.bytes().to_vec()])));
    let mut all: Vec<_> = ours.chain(theirs).collect();
    all.sort_by_key(|(event, _)| *event);
    let mut turns: Vec<Turn> = Vec::new();
    for (_, turn) in all {
        match (turns.last_mut(), turn) {
            (Some(Turn::Ours(before)), Turn::Ours(more)) => before.extend(more),
            (Some(Turn::Theirs(before)), Turn::Theirs(more)) => before.extend(more),
            (_, turn) => turns.push(turn),
        }
    }
    turns
}

pub(super) fn verify() -> Manner {
    Manner { finish: CLOSE, ..Manner::within(Duration::from_secs(5)) }
}

fn sheet(transcript: &Transcript, name: &str, masks: Masks, parts: Vec<Part>) -> Sheet {
    let (name, transcript) = (name.to_owned(), transcript.clone());
    Sheet::new(Loaded { name, version: 0, transcript, masks, parts })
}

/// What is played of the events of the first conn.
pub(super) fn sheet_of(lines: &[&str], masks: Masks) -> Sheet {
    let transcript = story(lines);
    let part = part_with(&transcript, 1, &masks);
    sheet(&transcript, "talk.json", masks, vec![part])
}

/// These masks.
pub(super) fn masked(masks: &[&str]) -> Masks {
    masks.iter().map(|mask| Mask::parse(mask).unwrap()).collect()
}

fn player_with(transcript: &Transcript, name: &str, manner: Manner) -> Player {
    let parts = vec![part_of(transcript, 1)];
    Player::new(&sheet(transcript, name, Masks::default(), parts), &Vars::default(), manner)
}

fn player(transcript: &Transcript) -> Player {
    player_with(transcript, "talk.json", verify())
}

/// A client that plays its side, and a peer that is the test.
fn playing(player: Player) -> End {
    let mut end = End::new(&Options::script(Side::Client));
    end.plays(Box::new(player));
    end.joins(1);
    end
}

/// What a peer does in its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Peer {
    /// Waits until so many bytes have come in all.
    Hears(usize),
    Says(Vec<u8>),
}

/// The server's part of a transcript.
fn part(transcript: &Transcript) -> Vec<Peer> {
    let (mut part, mut heard) = (Vec::new(), 0);
    for turn in turns(transcript, 1) {
        match turn {
            Turn::Ours(bytes) => {
                heard += bytes.len();
                part.push(Peer::Hears(heard));
            }
            Turn::Theirs(lines) => {
                part.push(Peer::Says(lines.concat()));
            }
            Turn::HalfClose => {}
        }
    }
    part
}

/// Plays the server's part, in pieces of these sizes; says whether it came to its end.
fn serve(end: &mut End, part: &[Peer], cuts: &[usize]) -> bool {
    let mut cuts = cuts.iter().copied().cycle();
    for peer in part {
        match peer {
            Peer::Hears(len) => {
                if end.told.recorded(Some(conn(1)), Side::Client).len() != *len {
                    return false;
                }
            }
            Peer::Says(bytes) => {
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let cut = cuts.next().map_or(rest.len(), |cut| cut.clamp(1, rest.len()));
                    end.hears(1, &rest[..cut]);
                    rest = &rest[cut..];
                }
            }
        }
    }
    true
}
