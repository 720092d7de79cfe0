//! A conversation as a page shows it: bubbles on the left and on the right.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use super::latency::{Latencies, SILENCE};
use super::marks::each_mark;
use super::names::Names;
use super::text::{Since, is_late_want};
use crate::page::Markup;
use crate::transcript::{Event, Header, Said, What};
use crate::units::{At, Human};
use crate::wire::{ConnId, Encoding, Eol, Side, Visible};

/// How many events are in one list: a browser draws only the lists that are on the screen, and is quick
/// about it also where there are 100,000 events.
const PART: u64 = 100;

/// Conns are side by side up to so many; of more, each has its number at its lines.
const LANES: usize = 6;

/// Makes a page's part of events, one after another.
#[derive(Debug)]
pub struct Conversation {
    names: Names,
    eol: Eol,
    encoding: Encoding,
    marks: bool,
    anchor: String,
    talk: Markup,
    lanes: Vec<Lane>,
    lane_of: HashMap<ConnId, usize>,
    latencies: Latencies,
    /// The number of the last event, from 1, whether it is shown or not.
    number: u64,
    shown: u64,
    lines: u64,
    /// Whether something was passed over since the last event that is shown.
    gap: bool,
    last: Option<Last>,
}

#[derive(Debug)]
struct Last {
    time: String,
    /// Who spoke, if it was a line.
    speaker: Option<(Option<ConnId>, Side)>,
}

/// One conn.
#[derive(Debug)]
struct Lane {
    conn: ConnId,
    addr: Option<String>,
}

/// What a page shows of a conversation.
#[derive(Debug)]
pub struct Talk {
    /// The conversation, with its plot of replies.
    pub body: Markup,
    /// A switch for each conn, where there are several.
    pub switches: Markup,
    /// How many events are shown.
    pub events: u64,
    /// How many lines are among them.
    pub lines: u64,
    /// How many conns they were on.
    pub conns: u64,
    /// How long after the start the last of them was.
    pub lasted: Duration,
}

impl Conversation {
    /// Of a transcript with this header, looked at from this instant on. `marks` tells all that events hold.
    /// `anchor` begins the anchors of its events, of which no two on a page may be the same.
    #[must_use]
    pub fn new(header: &Header, from: At, marks: bool, anchor: String) -> Conversation {
        let mut talk = Markup::new();
        talk.raw("<ol class=\"talk\">\n");
        Conversation {
            names: Names::new(header),
            eol: header.eol,
            encoding: header.encoding,
            marks,
            anchor,
            talk,
            lanes: Vec::new(),
            lane_of: HashMap::new(),
            latencies: Latencies::new(from),
            number: 0,
            shown: 0,
            lines: 0,
            gap: false,
            last: None,
        }
    }

    /// Reads lines in this encoding, whatever the header says.
    pub(super) fn read_as(&mut self, encoding: Encoding) {
        self.encoding = encoding;
    }

    /// Takes note of an event that is not shown.
    pub fn pass_over(&mut self, event: &Event) {
        self.number += 1;
        self.gap = true;
        self.names.note(event);
        self.latencies.pass_over(event);
    }

    /// Shows an event.
    pub fn event(&mut self, event: &Event) {
        self.names.note(event);
        self.number += 1;
        if is_late_want(&event.what) && !self.marks {
            return;
        }
        if self.shown > 0 && self.shown.is_multiple_of(PART) {
            self.talk.raw("</ol>\n<ol class=\"talk\">\n");
        }
        self.shown += 1;
        let pause = self.latencies.event(event, self.number);
        self.silence(pause);
        self.gap = false;
        let speaker = match &event.what {
            What::Line(said) => Some((event.conn, said.from)),
            _ => None,
        };
        let time = Since(event.at).to_string();
        let (same_time, same_speaker) = match &self.last {
            Some(last) => (last.time == time, speaker.is_some() && last.speaker == speaker),
            None => (false, false),
        };
        self.open(event);
        if !same_time {
            self.talk.raw("<time>").text(&time).raw("</time>");
        }
        match &event.what {
            What::Line(said) => self.line(event.conn, said, same_speaker && pause < SILENCE),
            what => self.told(event.conn, what),
        }
        self.extras(event);
        self.talk.raw("</li>\n");
        self.last = Some(Last { time, speaker });
    }

    /// Marks the place after what was shown last, or the instant `at` if that is known: here something
    /// went wrong, as `account` says.
    pub fn fail(&mut self, at: Option<At>, account: &str) {
        if let Some(at) = at {
            let pause = self.latencies.pause(at);
            self.silence(pause);
        }
        self.talk.raw("<li class=\"fail\"");
        self.talk.attr("id", format_args!("{}fail", self.anchor)).raw("><pre>");
        for line in account.lines() {
            self.talk.visible(line.as_bytes()).raw("\n");
        }
        self.talk.raw("</pre></li>\n");
        self.last = None;
    }

    /// All of it.
    #[must_use]
    pub fn finish(mut self) -> Talk {
        self.talk.raw("</ol>\n");
        let mut body = Markup::new();
        if let Some(plot) = self.latencies.plot(&self.anchor) {
            body.raw("<figure><div class=\"scroll\">\n").append(&plot.draw());
            body.raw("</div><figcaption>").text(&plot.title);
            body.raw(
                ". Time runs to the right; pauses of a second and more are drawn short, in grey.",
            );
            body.raw("</figcaption></figure>\n");
        }
        let columns = match self.lanes.len() {
            0 | 1 => "solo".to_owned(),
            several @ ..=LANES => format!("cols n{several}"),
            _ => "flow".to_owned(),
        };
        body.raw("<div").attr("class", &columns).raw(">\n");
        if (2..=LANES).contains(&self.lanes.len()) {
            body.raw("<div class=\"lanes\">");
            for (index, lane) in self.lanes.iter().enumerate() {
                body.raw("<span").attr("class", hue(index)).raw("><b>#").text(lane.conn);
                body.raw("</b> ");
                self.describe(lane, &mut body);
                body.raw("</span>");
            }
            body.raw("</div>\n");
        }
        body.append(&self.talk).raw("</div>\n");
        let switches = self.switches();
        let (lanes, last) = (self.lanes.len() as u64, self.latencies.last());
        Talk {
            body,
            switches,
            events: self.shown,
            lines: self.lines,
            conns: lanes,
            lasted: last.since(At::START),
        }
    }

    fn describe(&self, lane: &Lane, out: &mut Markup) {
        match (self.names.peer(Some(lane.conn)), &lane.addr) {
            (Some(name), _) => out.visible(name.as_bytes()),
            (None, Some(addr)) => out.visible(addr.as_bytes()),
            (None, None) => out,
        };
    }

    fn switches(&self) -> Markup {
        let mut switches = Markup::new();
        if self.lanes.len() > 1 {
            switches.raw("<div class=\"chips\" role=\"group\" aria-label=\"Conns\">");
            for (index, lane) in self.lanes.iter().enumerate() {
                switches.raw("<label").attr("class", hue(index));
                switches.raw("><input type=\"checkbox\" checked").attr("data-conn", lane.conn);
                switches.raw("><span class=\"swatch\"></span><span>#").text(lane.conn).raw(" ");
                self.describe(lane, &mut switches);
                switches.raw("</span></label>");
            }
            switches.raw("</div>");
        }
        switches
    }

    /// A pause in which nothing was shown, drawn the longer the longer it was, but not in proportion.
    fn silence(&mut self, pause: Duration) {
        if pause < SILENCE {
            return;
        }
        let class = match pause.as_secs() {
            0..5 => "q q1",
            5..30 => "q q2",
            30..300 => "q q3",
            _ => "q q4",
        };
        let of = if self.gap { " without what is shown here" } else { " of silence" };
        self.talk.raw("<li").attr("class", class).raw("><span>").text(Human(pause)).raw(of);
        self.talk.raw("</span></li>\n");
    }

    fn open(&mut self, event: &Event) {
        let lane = event.conn.map(|conn| self.lane(conn, &event.what));
        let kind = match &event.what {
            What::Line(said) => match (said.from, said.eol == Eol::None && self.eol != Eol::None) {
                (Side::Server, false) => "s",
                (Side::Server, true) => "s p",
                (Side::Client, false) => "c",
                (Side::Client, true) => "c p",
            },
            What::Close { how, .. } if how != "eof" => "m bad",
            What::Note { .. } => "m n",
            What::Open { .. } | What::Close { .. } | What::Unknown { .. } => "m",
        };
        let place = match lane {
            Some(lane) => format!(" l{} {}", lane % LANES + 1, hue(lane)),
            None => " all".to_owned(),
        };
        self.talk.raw("<li").attr("id", format_args!("{}{}", self.anchor, self.number));
        self.talk.attr("class", format_args!("{kind}{place}"));
        if let Some(conn) = event.conn {
            self.talk.attr("data-k", conn);
        }
        self.talk.raw(">");
    }

    fn lane(&mut self, conn: ConnId, what: &What) -> usize {
        let next = self.lanes.len();
        let lane = *self.lane_of.entry(conn).or_insert(next);
        if lane == next {
            self.lanes.push(Lane { conn, addr: None });
        }
        if let What::Open { addr, .. } = what {
            self.lanes[lane].addr = Some(addr.clone());
        }
        lane
    }

    fn line(&mut self, conn: Option<ConnId>, said: &Said, same_speaker: bool) {
        self.lines += 1;
        if !same_speaker {
            self.talk.raw("<b>");
            match conn {
                Some(conn) => self.talk.raw("<em>#").text(conn).raw("</em>"),
                None => self.talk.raw("<em>to all</em>"),
            };
            self.talk.visible(self.names.who(conn, said.from).as_bytes()).raw("</b>");
        }
        self.talk.raw("<bdi dir=\"auto\">").visible(&self.encoding.readable(&said.text));
        self.talk.raw("</bdi>");
        let (talk, eol, marks) = (&mut self.talk, self.eol, self.marks);
        // Memory takes whatever is written.
        let _: io::Result<()> = each_mark(said, eol, marks, |name, value| {
            write_mark(name, value, talk);
            Ok(())
        });
    }

    fn told(&mut self, conn: Option<ConnId>, what: &What) {
        let talk = &mut self.talk;
        talk.raw("<bdi dir=\"auto\">");
        if let Some(conn) = conn {
            talk.raw("<em>#").text(conn).raw("</em>");
        }
        match what {
            What::Open { addr, name, .. } => {
                talk.raw("open ").visible(addr.as_bytes());
                if let Some(name) = name {
                    talk.raw(": ").visible(name.as_bytes());
                }
            }
            What::Close { from, how } => {
                talk.visible(self.names.who(conn, *from).as_bytes()).raw(" closed: ");
                talk.visible(how.as_bytes());
            }
            What::Note { text } => {
                talk.visible(text.as_bytes());
            }
            What::Unknown { ev } => {
                talk.visible(ev.as_bytes());
            }
            What::Line(_) => {}
        }
        talk.raw("</bdi>");
        if let (What::Open { role: Some(role), .. }, true) = (what, self.marks) {
            write_mark("role", role.as_str(), talk);
        }
    }

    fn extras(&mut self, event: &Event) {
        for extra in event.extra.iter().filter(|_| self.marks) {
            write_mark(&extra.key, &extra.json, &mut self.talk);
        }
    }
}

fn write_mark(name: &str, value: &str, out: &mut Markup) {
    out.raw("<i>").text(Visible(name.as_bytes()));
    if !value.is_empty() {
        out.raw(" ").text(Visible(value.as_bytes()));
    }
    out.raw("</i>");
}

/// The class that gives a conn its colour.
fn hue(index: usize) -> String {
    format!("h{}", index % LANES + 1)
}
