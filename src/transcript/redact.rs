//! Records without their secrets.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Transcript, What};
use crate::matching::{MissingSecret, Secrets};
use crate::session::{Record, Recorded};
use crate::units::At;
use crate::wire::{Block, ConnId, Side};

/// How many characters before what is recorded next have a say in whether a base64 token with a secret
/// stands there: up to three of its first group are decided by other bytes too.
const BEFORE: usize = 3;

/// Takes secrets out of records, before anybody keeps or shows them.
///
/// A secret may be cut by a read, or by `--max-line`: of a partial line the end is held back that may be
/// the beginning of one, until the same side goes on or ends.
#[derive(Debug, Default)]
pub struct Redactor {
    secrets: Secrets,
    ends: BTreeMap<Speaker, End>,
}

/// Who says something; no conn stands for all of them.
type Speaker = (Option<ConnId>, Side);

/// The end of what a side has said, of a line that has not ended.
#[derive(Debug, Default)]
struct End {
    /// What was recorded last.
    before: Vec<u8>,
    held: Vec<u8>,
}

impl Redactor {
    /// One that takes these secrets out.
    #[must_use]
    pub fn new(secrets: Secrets) -> Redactor {
        Redactor { secrets, ends: BTreeMap::new() }
    }

    /// The secrets.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// What is to be recorded instead of `record`, in this order.
    pub fn redact(&mut self, record: Record) -> Vec<Record> {
        if self.secrets.is_empty() {
            return vec![record];
        }
        let Record { at, conn, what } = record;
        match what {
            Recorded::Said { from, block, send, wants, .. } => {
                let send = send.map(|send| self.secrets.hide_str(&send).into_owned());
                let said = self.said((conn, from), &block);
                let said = said.map(|(block, secrets)| Record {
                    at,
                    conn,
                    what: Recorded::Said { from, block, send, wants, secrets },
                });
                said.into_iter().collect()
            }
            Recorded::Close { from, .. } => {
                let rest = self.end(at, (conn, from));
                rest.into_iter().chain([Record { at, conn, what }]).collect()
            }
            Recorded::Note { text } => {
                let text = self.secrets.hide_str(&text).into_owned();
                vec![Record { at, conn, what: Recorded::Note { text } }]
            }
            Recorded::Open { addr, name, own, secured } => {
                let hide = |text: String| self.secrets.hide_str(&text).into_owned();
                let secured = secured.map(|mut secured| {
                    secured.subject = secured.subject.map(hide);
                    secured
                });
                let what = Recorded::Open { addr: hide(addr), name: name.map(hide), own, secured };
                vec![Record { at, conn, what }]
            }
        }
    }

    /// The records of what is still held back: of a conn that is closed, or of all of them.
    pub fn release(&mut self, at: At, conn: Option<ConnId>) -> Vec<Record> {
        let speakers = self.ends.keys().filter(|(of, _)| conn.is_none() || *of == conn);
        let speakers: Vec<Speaker> = speakers.copied().collect();
        speakers.into_iter().filter_map(|speaker| self.end(at, speaker)).collect()
    }

    /// What was said, behind what was held back, without its secrets; these with their lines. Nothing
    /// where all of it is held back.
    fn said(&mut self, speaker: Speaker, block: &Block) -> Option<(Block, Vec<(usize, String)>)> {
        let End { before, mut held } = self.ends.remove(&speaker).unwrap_or_default();
        let joined = if held.is_empty() {
            block.bytes().clone()
        } else {
            held.extend_from_slice(block.bytes());
            Bytes::from(held)
        };
        let last = memchr::memrchr(b'\n', &joined).map_or(0, |at| at + 1);
        // What lies before the last line has no say in it.
        let line = [if last == 0 { &before[..] } else { b"" }, &joined[last..]].concat();
        let tail = self.secrets.tail(&line).min(joined.len() - last);
        let told = joined.slice(..joined.len() - tail);
        if last < joined.len() {
            let (told, held) = line.split_at(line.len() - tail);
            let before = told[told.len().saturating_sub(BEFORE)..].to_vec();
            self.ends.insert(speaker, End { before, held: held.to_vec() });
        }
        let told = Block::new(told)?;
        Some(take_out(&self.secrets, &before, told))
    }

    /// The record of what is held back of a side that says no more.
    fn end(&mut self, at: At, speaker: Speaker) -> Option<Record> {
        let End { before, held } = self.ends.remove(&speaker)?;
        let (conn, from) = speaker;
        let (block, secrets) = take_out(&self.secrets, &before, Block::new(held)?);
        let (send, wants) = (None, Vec::new());
        Some(Record { at, conn, what: Recorded::Said { from, block, send, wants, secrets } })
    }
}

/// Puts the secrets back into the lines that name them.
///
/// # Errors
/// The first event, by its number from 1, that names a secret which is not among them.
pub fn put_back(
    transcript: &mut Transcript,
    secrets: &Secrets,
) -> Result<(), (usize, MissingSecret)> {
    for (index, event) in transcript.events.iter_mut().enumerate() {
        if let What::Line(said) = &mut event.what
            && !said.marks.secret.is_empty()
        {
            let whole = secrets.put_back(&said.text, &said.marks.secret);
            said.text = whole.map_err(|missing| (index + 1, missing))?.into();
        }
    }
    Ok(())
}

/// Puts the secrets back into the lines that name them, where all that a line names are known. The
/// other lines stay as they are written.
pub fn put_back_known(transcript: &mut Transcript, secrets: &Secrets) {
    for event in &mut transcript.events {
        if let What::Line(said) = &mut event.what
            && !said.marks.secret.is_empty()
            && let Ok(whole) = secrets.put_back(&said.text, &said.marks.secret)
        {
            said.text = whole.into();
        }
    }
}

/// The block without the secrets in it. `before` is what its first line begins with, and what was
/// recorded before.
fn take_out(secrets: &Secrets, before: &[u8], block: Block) -> (Block, Vec<(usize, String)>) {
    if before.is_empty() && !secrets.may_be_in(block.bytes()) {
        return (block, Vec::new());
    }
    let (mut out, mut names) = (Vec::new(), Vec::new());
    let (mut done, mut begin) = (0, 0);
    for (index, line) in block.bytes().split_inclusive(|byte| *byte == b'\n').enumerate() {
        let before = if index == 0 { before } else { b"" };
        let found = if before.is_empty() {
            secrets.take_out(line, 0)
        } else {
            secrets.take_out(&[before, line].concat(), before.len())
        };
        if let Some((written, here)) = found {
            out.extend_from_slice(&block.bytes()[done..begin]);
            out.extend_from_slice(&written);
            done = begin + line.len();
            names.extend(here.into_iter().map(|name| (index, name)));
        }
        begin += line.len();
    }
    if done == 0 {
        return (block, names);
    }
    out.extend_from_slice(&block.bytes()[done..]);
    // A line keeps its end, or has a name in it.
    (Block::new(out).unwrap_or(block), names)
}

#[cfg(test)]
mod tests;
