//! Records, which are blocks, become events, which are lines.

use std::collections::BTreeMap;

use super::secured::tls;
use super::{Event, Extra, Marks, Said, What};
use crate::session::{Record, Recorded};
use crate::wire::{Block, Line, Lines, Side};

/// The events of a record, in order: one for each line of a block, one for anything else. Texts share
/// the bytes of the block.
pub fn cut(record: &Record) -> impl Iterator<Item = Event> + '_ {
    let extra: Vec<Extra> = match &record.what {
        Recorded::Open { secured: Some(secured), .. } => tls(secured).into_iter().collect(),
        _ => Vec::new(),
    };
    let event = move |what| {
        let extra = extra.clone(); // there are none but with an open, which is one event
        Event { at: record.at, conn: record.conn, what, extra }
    };
    let (said, other) = match &record.what {
        Recorded::Said { from, block, send, wants, secrets } => {
            let lines = CutLines::new(block, send.as_deref(), wants, secrets);
            (Some(lines.map(move |cut| What::Line(cut.to_said(*from, block)))), None)
        }
        Recorded::Open { addr, name, own, .. } => {
            let (addr, name) = (addr.clone(), name.clone());
            (None, Some(What::Open { addr, name, role: Some(*own) }))
        }
        Recorded::Close { from, how } => {
            (None, Some(What::Close { from: *from, how: how.to_string() }))
        }
        Recorded::Note { text } => (None, Some(What::Note { text: text.clone() })),
    };
    said.into_iter().flatten().chain(other).map(event)
}

/// A line of a block, with its marks.
pub(super) struct CutLine<'a> {
    pub(super) line: Line<'a>,
    pub(super) want: Option<&'a str>,
    pub(super) send: Option<&'a str>,
    pub(super) secrets: Vec<&'a str>,
}

impl CutLine<'_> {
    fn to_said(&self, from: Side, block: &Block) -> Said {
        let marks = Marks {
            want: self.want.map(str::to_owned),
            send: self.send.map(str::to_owned),
            secret: self.secrets.iter().map(|name| (*name).to_owned()).collect(),
            ..Marks::NONE
        };
        Said { from, text: block.bytes().slice_ref(self.line.text), eol: self.line.eol, marks }
    }
}

/// The lines of a block with their marks. What `/send` was written as belongs to the first: a
/// `/send` says one line.
pub(super) struct CutLines<'a> {
    lines: Lines<'a>,
    index: usize,
    send: Option<&'a str>,
    /// Nearly always empty, and then it costs nothing.
    wants: BTreeMap<usize, &'a str>,
    secrets: &'a [(usize, String)],
}

impl<'a> CutLines<'a> {
    pub(super) fn new(
        block: &'a Block,
        send: Option<&'a str>,
        wants: &'a [(usize, String)],
        secrets: &'a [(usize, String)],
    ) -> CutLines<'a> {
        let wants = wants.iter().map(|(index, want)| (*index, want.as_str())).collect();
        CutLines { lines: block.lines(), index: 0, send, wants, secrets }
    }
}

impl<'a> Iterator for CutLines<'a> {
    type Item = CutLine<'a>;

    fn next(&mut self) -> Option<CutLine<'a>> {
        let line = self.lines.next()?;
        let want = if self.wants.is_empty() { None } else { self.wants.remove(&self.index) };
        let (here, later) =
            self.secrets.split_at(self.secrets.partition_point(|(at, _)| *at <= self.index));
        self.secrets = later;
        self.index += 1;
        let secrets = here.iter().map(|(_, name)| name.as_str()).collect();
        Some(CutLine { line, want, send: self.send.take(), secrets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::At;
    use crate::wire::{ConnId, Eol};

    #[test]
    fn a_block_is_one_event_a_line() {
        let record = Record {
            at: At::from_micros(7),
            conn: Some(ConnId::FIRST),
            what: Recorded::Said {
                from: Side::Server,
                block: Block::new(&b"a\nb\r\nlogin: "[..]).unwrap(),
                send: Some("${x}".to_owned()),
                wants: vec![(2, "login".to_owned()), (0, "^a".to_owned())],
                secrets: vec![(1, "P".to_owned()), (1, "Q".to_owned())],
            },
        };
        let events: Vec<_> = cut(&record).collect();
        let lines: Vec<_> = events
            .iter()
            .map(|event| match &event.what {
                What::Line(said) => {
                    let Marks { want, send, secret, .. } = &said.marks;
                    let marks = (want.as_deref(), send.as_deref(), secret.len());
                    (&*said.text, said.eol, marks)
                }
                other => panic!("{other:?} is no line"),
            })
            .collect();
        assert_eq!(
            lines,
            [
                (&b"a"[..], Eol::Lf, (Some("^a"), Some("${x}"), 0)),
                (&b"b"[..], Eol::CrLf, (None, None, 2)),
                (&b"login: "[..], Eol::None, (Some("login"), None, 0)),
            ]
        );
        assert!(events.iter().all(|event| event.at == record.at && event.conn == record.conn));
    }
}
