//! What a conn recorded, seen from one side: what the other side says, and what ours does in between.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::by_conn::ByConn;
use super::load::PartFault;
use super::presence::Presence;
use crate::matching::hearing::{Expectations, Expected, Item, Wants};
use crate::matching::{Masks, Template};
use crate::transcript::{Event, Marks, Said, Transcript, What};
use crate::units::At;
use crate::wire::{ConnId, Eol, Line, Side, with_eol};

/// One conn, seen from one side. Clones share what is in it: many can play it at once.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) conn: Option<ConnId>,
    /// What the other side says, line by line. The border between two reads does not matter, and
    /// partial lines are joined, as far as our side does nothing in between.
    pub(super) items: Expectations,
    /// Where each item was recorded.
    pub(super) sources: Arc<[Source]>,
    /// What our side does, in order.
    pub(super) actions: Arc<[Action]>,
    /// When the other side ended, if it did.
    pub(super) end: Option<End>,
    /// Our side ended before the other did.
    pub(super) ended_first: bool,
    /// The number of the event that opened the conn, or else of the first that concerns it.
    pub(super) opened: usize,
    /// How many bytes the longest item has.
    pub(super) longest: usize,
}

/// Where a line was recorded.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    /// The events that it was recorded in: where each begins in it, and its number, from 1.
    pub(super) events: Vec<(usize, usize)>,
    /// How long it took to come.
    pub(super) delay: Duration,
}

/// Something that our side does.
#[derive(Debug, Clone)]
pub(super) struct Action {
    /// The number of its event.
    pub(super) event: usize,
    /// When it was recorded.
    pub(super) at: At,
    /// How long after what was said before it.
    pub(super) delay: Duration,
    pub(super) what: Doing,
}

/// The kinds of [`Action`].
#[derive(Debug, Clone)]
pub(super) enum Doing {
    /// Says these bytes.
    Say(Bytes),
    /// Says this, with variables in it.
    Send(Template, Eol),
    /// Ends its side; the other may have waited for that to go on.
    HalfClose,
    /// Breaks the conn.
    Reset,
    /// Closes the conn.
    Close,
    /// Opens the conn.
    Open,
}

impl Doing {
    /// Whether it says something.
    pub(super) fn says(&self) -> bool {
        matches!(self, Doing::Say(_) | Doing::Send(..))
    }

    /// Whether it ends its side.
    pub(super) fn is_half_close(&self) -> bool {
        matches!(self, Doing::HalfClose)
    }
}

/// What becomes of the places where our side closed or broke the conn. Where it half-closed, it does so in
/// any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closes {
    /// They are actions of its part: it closes just where it did.
    Kept,
    /// They are none: it leaves when all was played.
    LeftOut,
}

/// The end of the other side.
#[derive(Debug, Clone)]
pub(super) struct End {
    /// The number of its event.
    pub(super) event: usize,
    /// How long it took.
    pub(super) delay: Duration,
}

/// What one event says.
struct Piece<'a> {
    event: usize,
    bytes: Bytes,
    marks: &'a Marks,
    /// How long after what was said before it.
    delay: Duration,
}

/// A part that is being put together.
struct Draft<'a> {
    own: Side,
    closes: Closes,
    expected: Vec<Expected>,
    sources: Vec<Source>,
    actions: Vec<Action>,
    end: Option<End>,
    ended_first: bool,
    opened: usize,
    /// What the other side has said since our side did something.
    pieces: Vec<Piece<'a>>,
    groups: usize,
}

impl Part {
    /// The part of `own` on a conn.
    ///
    /// # Errors
    /// An event has a mark that cannot be understood.
    pub(super) fn of(
        transcript: &Transcript,
        by_conn: &ByConn,
        conn: Option<ConnId>,
        own: Side,
        closes: Closes,
        masks: &Masks,
    ) -> Result<Part, PartFault> {
        Draft::of(own, closes).filled(transcript, by_conn, conn)?.finish(conn, masks)
    }

    /// Nothing is said in it.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.actions.is_empty()
    }
}

impl<'a> Draft<'a> {
    fn of(own: Side, closes: Closes) -> Self {
        Draft {
            own,
            closes,
            expected: Vec::new(),
            sources: Vec::new(),
            actions: Vec::new(),
            end: None,
            ended_first: false,
            opened: 0,
            pieces: Vec::new(),
            groups: 0,
        }
    }

    /// Goes through all events of the conn.
    fn filled(
        mut self,
        transcript: &'a Transcript,
        by_conn: &ByConn,
        conn: Option<ConnId>,
    ) -> Result<Self, PartFault> {
        let mut presence = Presence::new(conn, by_conn.opens(transcript, conn));
        let mut before = At::START;
        for index in by_conn.indices(transcript, conn) {
            let event = &transcript.events[index];
            presence.observe(event);
            let number = index + 1;
            if event.conn == conn && self.opened == 0 {
                self.opened = number;
            }
            match &event.what {
                What::Line(said) if presence.concerns(event, said.from) => {
                    let bytes = with_eol(&said.text, said.eol);
                    if said.from == self.own {
                        self.act(number, (before, event.at), say(said, bytes, number)?);
                    } else if !bytes.is_empty() {
                        let (marks, delay) = (&said.marks, event.at.since(before));
                        self.pieces.push(Piece { event: number, bytes, marks, delay });
                    }
                    before = event.at;
                }
                What::Open { .. } if event.conn == conn => before = event.at,
                What::Close { from, how } if event.conn == conn => {
                    self.close(number, event, *from, how, before);
                }
                _ => {}
            }
        }
        Ok(self)
    }

    /// Our side does something, so what the other has said stands for itself.
    fn act(&mut self, event: usize, (before, at): (At, At), what: Doing) {
        self.join();
        self.actions.push(Action { event, at, delay: at.since(before), what });
    }

    fn close(&mut self, number: usize, event: &Event, from: Side, how: &str, before: At) {
        if from != self.own {
            self.end.get_or_insert(End { event: number, delay: event.at.since(before) });
            return;
        }
        let what = match how {
            "eof" => {
                self.ended_first |= self.end.is_none();
                Doing::HalfClose
            }
            _ if self.closes == Closes::LeftOut => return,
            "reset" => Doing::Reset,
            _ => Doing::Close,
        };
        self.act(number, (before, event.at), what);
    }

    /// Joins partial lines with what follows them, and cuts at line ends: a transcript that was written
    /// by hand may have some within a line.
    fn join(&mut self) {
        let mut open = false;
        let mut group_before: Option<&str> = None;
        for piece in std::mem::take(&mut self.pieces) {
            let Piece { event, bytes, marks, mut delay } = piece;
            if marks.group.as_deref() != group_before || group_before.is_none() {
                self.groups += 1;
                group_before = marks.group.as_deref();
            }
            let mut rest = &*bytes;
            while !rest.is_empty() {
                let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                let (line, behind) = rest.split_at(end);
                if !open {
                    self.expected.push(Expected {
                        group: marks.group.as_ref().map(|_| self.groups),
                        ..Expected::default()
                    });
                    self.sources.push(Source::default());
                }
                self.add(event, line, marks, delay);
                open = !line.ends_with(b"\n");
                (rest, delay) = (behind, Duration::ZERO);
            }
        }
        // The next begins with a group of its own.
        self.groups += 1;
    }

    /// Adds to the last line.
    fn add(&mut self, event: usize, bytes: &[u8], marks: &Marks, delay: Duration) {
        if let (Some(expected), Some(source)) = (self.expected.last_mut(), self.sources.last_mut())
        {
            if source.events.is_empty() {
                source.events.reserve_exact(1); // mostly it is the only one, and there are millions
            }
            source.events.push((expected.bytes.len(), event));
            source.delay += delay;
            // Nobody else has these bytes, so a line of many pieces is not copied for each of them.
            let begun = std::mem::take(&mut expected.bytes).try_into_mut();
            let mut begun = begun.unwrap_or_else(|shared| BytesMut::from(&*shared));
            begun.extend_from_slice(bytes);
            expected.bytes = begun.freeze();
            expected.opt |= marks.opt;
            if marks.want.is_some() {
                expected.want.clone_from(&marks.want);
            }
        }
    }

    fn finish(mut self, conn: Option<ConnId>, masks: &Masks) -> Result<Part, PartFault> {
        self.join();
        let mut wants = Wants::default();
        let mut items = Vec::with_capacity(self.expected.len());
        for (expected, source) in self.expected.into_iter().zip(&self.sources) {
            items.push(Item::new(expected, masks, &mut wants).map_err(|fault| PartFault {
                event: source.first(),
                what: format!("`want`, {fault}"),
            })?);
        }
        Ok(Part {
            conn,
            longest: items.iter().map(|item| item.bytes().len()).max().unwrap_or(0),
            items: items.into(),
            sources: self.sources.into(),
            actions: self.actions.into(),
            end: self.end,
            ended_first: self.ended_first,
            opened: self.opened,
        })
    }
}

impl Source {
    /// The number of the event that the byte at `at` was recorded in.
    pub(super) fn event(&self, at: usize) -> usize {
        let begun = self.events.iter().rev().find(|(start, _)| *start <= at);
        begun.map_or(0, |(_, event)| *event)
    }

    pub(super) fn first(&self) -> usize {
        self.events.first().map_or(0, |(_, event)| *event)
    }

    pub(super) fn last(&self) -> usize {
        self.events.last().map_or(0, |(_, event)| *event)
    }
}

/// What our side says in an event.
fn say(said: &Said, bytes: Bytes, event: usize) -> Result<Doing, PartFault> {
    let Some(send) = &said.marks.send else { return Ok(Doing::Say(bytes)) };
    let template = Template::parse(send).map_err(|fault| PartFault {
        event,
        what: format!("`send`, column {}: {}", fault.at + 1, fault.why),
    })?;
    Ok(Doing::Send(template, said.eol))
}

/// The line that these bytes are, without its end.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    Line::cut(bytes).text
}
