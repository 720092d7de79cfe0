//! Records, which are blocks, become events, which are lines.

use std::collections::BTreeMap;

use super::{Event, Marks, Said, What};
use crate::session::{Record, Recorded};
use crate::wire::{Block, Line, Lines, Side};

/// The events of a record, in order: one for each line of a block, one for anything else. Texts share
/// the bytes of the block.
pub fn cut(record: &Record) -> impl Iterator<Item = Event> + '_ {
    let event = |what| Event { at: record.at, conn: record.conn, what, extra: Vec::new() };
    let (said, other) = match &record.what {
        Recorded::Said { from, block, send, wants } => {
            let lines = CutLines::new(block, send.as_deref(), wants);
            (Some(lines.map(move |cut| What::Line(cut.to_said(*from, block)))), None)
        }
        Recorded::Open { addr, name, own } => {
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
}

impl CutLine<'_> {
    fn to_said(&self, from: Side, block: &Block) -> Said {
        let marks = Marks {
            want: self.want.map(str::to_owned),
            send: self.send.map(str::to_owned),
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
}

impl<'a> CutLines<'a> {
    pub(super) fn new(
        block: &'a Block,
        send: Option<&'a str>,
        wants: &'a [(usize, String)],
    ) -> CutLines<'a> {
        let wants = wants.iter().map(|(index, want)| (*index, want.as_str())).collect();
        CutLines { lines: block.lines(), index: 0, send, wants }
    }
}

impl<'a> Iterator for CutLines<'a> {
    type Item = CutLine<'a>;

    fn next(&mut self) -> Option<CutLine<'a>> {
        let line = self.lines.next()?;
        let want = if self.wants.is_empty() { None } else { self.wants.remove(&self.index) };
        self.index += 1;
        Some(CutLine { line, want, send: self.send.take() })
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
            },
        };
        let events: Vec<_> = cut(&record).collect();
        let lines: Vec<_> = events
            .iter()
            .map(|event| match &event.what {
                What::Line(said) => {
                    let marks = (said.marks.want.as_deref(), said.marks.send.as_deref());
                    (&*said.text, said.eol, marks)
                }
                other => panic!("{other:?} is no line"),
            })
            .collect();
        assert_eq!(
            lines,
            [
                (&b"a"[..], Eol::Lf, (Some("^a"), Some("${x}"))),
                (&b"b"[..], Eol::CrLf, (None, None)),
                (&b"login: "[..], Eol::None, (Some("login"), None)),
            ]
        );
        assert!(events.iter().all(|event| event.at == record.at && event.conn == record.conn));
    }
}
