//! What the terminal shows of a conversation: text, ready for the screen.

use std::collections::HashMap;

use jiff::ZonedDateTime;

use super::clock::Clock;
use super::mentions::{Mentions, name_in, speaker_of};
use super::render::{aside, push_visible};
use super::speaker::Speaker;
use super::style;
use crate::session::{Ending, Notice, Record, Recorded};
use crate::units::At;
use crate::wire::{Block, ConnId, Encoding, Roles, Side};

/// Stands before the rest of a line whose beginning was shown on a line of its own.
const CONTINUED: &str = "… ";

/// What lines of this program itself begin with.
const OURS: [&str; 4] = ["-- ", "> ", "error: ", CONTINUED];

/// How a [`View`] shows things.
#[derive(Debug, Clone)]
pub struct Look {
    /// The side that we are on: what it says was typed here, and is not shown again. None where we stand
    /// between the two, who then both are shown, and labelled by side and conn: `server-1: text`.
    pub own: Option<Side>,
    /// How peers write text.
    pub encoding: Encoding,
    /// Whether the terminal takes colour.
    pub colour: bool,
    /// Whether the local time stands before each received line.
    pub time: bool,
    /// When the session started, in the time zone to show times in: [`At::START`].
    pub started: ZonedDateTime,
}

/// Turns what happened into what the terminal shows of it.
///
/// A peer's line is shown as it came, made [visible](crate::wire::Visible): nothing in it runs. Who said it stands before
/// it (`guest-1: text`, in the colour of that name) once two conns were open at the same time, and in
/// a room. Without such a label, and without colour, a peer could write what looks like a notice or an
/// error of ours; a line that begins as ours do gets its label always.
///
/// A partial line is shown on a line of its own when it is recorded; what comes after it begins with
/// `… `, and an end that comes alone shows nothing. Half a character waits for its rest, or for the end.
#[derive(Debug)]
pub struct View {
    look: Look,
    roles: Option<Roles>,
    label: bool,
    echo: bool,
    /// What peers say is shown as a room passes it on, and not as it came.
    room: bool,
    mentions: Mentions,
    clock: Clock,
    /// Those that are shown, by who speaks on which conn.
    speakers: HashMap<(ConnId, Side), Speaker>,
}

impl View {
    /// A view of a session that has just started.
    #[must_use]
    pub fn new(look: Look) -> Self {
        let clock = Clock::new(look.started.clone());
        let (roles, label) = (look.own.map(Roles::new), look.own.is_none());
        View {
            look,
            roles,
            label,
            echo: false,
            room: false,
            mentions: Mentions::default(),
            clock,
            speakers: HashMap::new(),
        }
    }

    /// What peers say is shown as a room passes it on ([`View::relayed`]), and not as it was said.
    pub fn set_room(&mut self) {
        self.room = true;
        self.label = true;
    }

    /// A guest of a room is called so from now on.
    pub fn renamed(&mut self, conn: ConnId, name: String) {
        if let Some(speaker) = self.speakers.get_mut(&(conn, Side::Client)) {
            speaker.name = Some(name);
        }
    }

    /// What others call us: a line that says it stands out.
    pub fn set_own_name(&mut self, name: &str) {
        self.mentions = Mentions::of(name);
    }

    /// Whether the local time stands before each received line: `/time`.
    pub fn set_time(&mut self, time: bool) {
        self.look.time = time;
    }

    /// Whether our own lines are shown as well, as `> text`: while a script or a replay says them, and
    /// not a person who has them on the screen already.
    pub fn set_echo(&mut self, echo: bool) {
        self.echo = echo;
    }

    /// Appends to `out` lines that a room passed on: `alice: text`, `* alice waves`.
    pub fn relayed(&mut self, at: At, lines: &[u8], out: &mut String) {
        let time = self.time(at);
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
            let (said_by, said) = speaker_of(&text);
            out.push_str(&time);
            style::push(out, self.look.colour, style::of_name(name_in(said_by)), said_by);
            self.mentions.push_text(self.look.colour, said.as_bytes(), out);
            out.push('\n');
        }
    }

    /// Appends to `out` what the terminal shows of `record`: whole lines, or nothing.
    pub fn record(&mut self, record: &Record, out: &mut String) {
        let conn = record.conn.unwrap_or(ConnId::FIRST);
        match &record.what {
            Recorded::Said { from, block, .. } if Some(*from) == self.own(record.conn) => {
                if self.echo {
                    self.echo(record.conn, *from, block, out);
                }
            }
            Recorded::Said { .. } if self.room => {}
            Recorded::Said { from, block, .. } => {
                self.heard(record.at, (conn, *from), block, out);
            }
            Recorded::Open { name, own, .. } => self.opened(conn, name.as_deref(), *own),
            Recorded::Close { from, how } => {
                let both = [*from, from.other()];
                let ended = if *how == Ending::Eof { &both[..1] } else { &both[..] };
                for side in ended {
                    self.ended(record.at, (conn, *side), out);
                }
            }
            Recorded::Note { .. } => {}
        }
    }

    /// Which side we are on this conn, if it is any.
    fn own(&self, conn: Option<ConnId>) -> Option<Side> {
        self.roles.as_ref().map(|roles| roles.own(conn))
    }

    fn opened(&mut self, conn: ConnId, name: Option<&str>, own: Side) {
        let mut speaks = |side, name| {
            self.speakers.insert((conn, side), Speaker::named(name));
        };
        match &mut self.roles {
            Some(roles) => {
                roles.opened(conn, own);
                speaks(own.other(), name.map(str::to_owned));
                self.label |= self.speakers.len() > 1;
            }
            None => {
                for side in [Side::Client, Side::Server] {
                    speaks(side, Some(format!("{side}-{conn}")));
                }
            }
        }
    }

    /// Appends to `out` what the terminal shows of `notice`: `-- ` and its text, on one line; only what
    /// a command tells may have several.
    pub fn notice(&self, notice: &Notice, out: &mut String) {
        match notice {
            Notice::Told(text) => {
                text.trim_end().split('\n').for_each(|line| aside(out, self.look.colour, line));
            }
            notice => aside(out, self.look.colour, &notice.to_string()),
        }
    }

    /// Our own lines, with what the prompt would have been.
    fn echo(&self, conn: Option<ConnId>, own: Side, block: &Block, out: &mut String) {
        let to = if self.label {
            conn.and_then(|conn| self.speakers.get(&(conn, own.other()))?.name.as_deref())
        } else {
            None
        };
        let mut prompt = String::new();
        style::push(
            &mut prompt,
            self.look.colour,
            style::PROMPT,
            &format!("{}> ", to.unwrap_or_default()),
        );
        for line in block.lines() {
            out.push_str(&prompt);
            push_visible(out, &self.look.encoding.readable(line.text));
            out.push('\n');
        }
    }

    fn heard(&mut self, at: At, who: (ConnId, Side), block: &Block, out: &mut String) {
        let time = self.time(at);
        let speaker = self.speakers.entry(who).or_default();
        let name = speaker.name.as_deref().unwrap_or(who.1.as_str());
        let label = style::styled(self.look.colour, style::of_name(name), &format!("{name}: "));
        let (mentions, encoding) = (&self.mentions, self.look.encoding);
        for line in block.lines() {
            speaker.hear(line, encoding, |text, continued| {
                let text = &encoding.readable(text);
                out.push_str(&time);
                if self.label || begins_as_ours(text) {
                    out.push_str(&label);
                }
                if continued {
                    out.push_str(CONTINUED);
                }
                mentions.push_text(self.look.colour, text, out);
                out.push('\n');
            });
        }
    }

    /// Shows what was held back, as what it is, and forgets who said it.
    fn ended(&mut self, at: At, who: (ConnId, Side), out: &mut String) {
        let held = self.speakers.get_mut(&who).map(Speaker::take_held).unwrap_or_default();
        if !held.is_empty()
            && let Some(rest) = Block::new([&held[..], b"\n"].concat())
        {
            self.heard(at, who, &rest, out);
        }
        self.speakers.remove(&who);
    }

    fn time(&mut self, at: At) -> String {
        let mut time = String::new();
        if self.look.time {
            style::push(&mut time, self.look.colour, style::ASIDE, self.clock.local(at));
            time.push(' ');
        }
        time
    }
}

fn begins_as_ours(text: &[u8]) -> bool {
    OURS.iter().any(|ours| text.starts_with(ours.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use jiff::tz::{Offset, TimeZone};

    fn view(own: Side) -> View {
        let started: Timestamp = "2026-10-07T09:15:02.9Z".parse().unwrap();
        let started = started.to_zoned_datetime(TimeZone::fixed(Offset::constant(2)));
        let (own, encoding) = (Some(own), Encoding::UTF_8);
        View::new(Look { own, encoding, colour: false, time: false, started })
    }

    fn record(conn: u32, what: Recorded) -> Record {
        Record { at: At::from_micros(200_000), conn: ConnId::new(conn), what }
    }

    fn open(view: &mut View, conn: u32) {
        let name = Some(format!("guest-{conn}"));
        let what = Recorded::Open { addr: String::new(), name, own: Side::Server, secured: None };
        view.record(&record(conn, what), &mut String::new());
    }

    fn said(view: &mut View, conn: u32, from: Side, bytes: &[u8]) -> String {
        let block = Block::new(bytes.to_vec()).unwrap();
        let mut out = String::new();
        view.record(
            &record(
                conn,
                Recorded::Said { from, block, send: None, wants: Vec::new(), secrets: Vec::new() },
            ),
            &mut out,
        );
        out
    }

    fn ends(view: &mut View, conn: u32, from: Side) -> String {
        let mut out = String::new();
        view.record(&record(conn, Recorded::Close { from, how: Ending::Eof }), &mut out);
        out
    }

    #[test]
    fn a_single_peer_has_no_label_and_runs_nothing() {
        let mut view = view(Side::Client);
        let shown = said(&mut view, 1, Side::Server, b"hi\r\n\n\x1b[2Jcaf\xe9\n");
        assert_eq!(shown, "hi\n\n\\x1b[2Jcaf\\xe9\n");
    }

    #[test]
    fn a_line_that_looks_like_ours_has_its_speaker_named() {
        let mut view = view(Side::Client);
        let shown = said(&mut view, 1, Side::Server, b"-- guest-2 left\n> me\n-> ok\n");
        assert_eq!(shown, "server: -- guest-2 left\nserver: > me\n-> ok\n");
    }

    #[test]
    fn several_guests_are_told_apart_from_then_on() {
        let mut view = view(Side::Server);
        open(&mut view, 1);
        assert_eq!(said(&mut view, 1, Side::Client, b"a\n"), "a\n");
        open(&mut view, 2);
        assert_eq!(said(&mut view, 1, Side::Client, b"a\nb\n"), "guest-1: a\nguest-1: b\n");
        ends(&mut view, 1, Side::Client);
        assert_eq!(said(&mut view, 2, Side::Client, b"c\n"), "guest-2: c\n");
    }

    #[test]
    fn between_two_others_both_are_shown_and_told_apart() {
        let own = view(Side::Server);
        let mut view = View::new(Look { own: None, ..own.look });
        open(&mut view, 2);
        assert_eq!(said(&mut view, 2, Side::Client, b"USER "), "client-2: USER \n");
        assert_eq!(said(&mut view, 2, Side::Server, b"+OK\n"), "server-2: +OK\n");
        assert_eq!(said(&mut view, 2, Side::Client, b"bob\n"), "client-2: … bob\n");
    }

    #[test]
    fn a_partial_line_is_shown_and_continued() {
        let mut view = view(Side::Client);
        assert_eq!(said(&mut view, 1, Side::Server, b"login: "), "login: \n");
        assert_eq!(said(&mut view, 1, Side::Server, b"bob"), "… bob\n");
        assert_eq!(said(&mut view, 1, Side::Server, b"by\nok\n"), "… by\nok\n");
        assert_eq!(said(&mut view, 1, Side::Server, b"login: "), "login: \n");
        assert_eq!(
            said(&mut view, 1, Side::Server, b"\n\n"),
            "\n",
            "only the second line is an empty one"
        );
    }

    #[test]
    fn an_incomplete_character_waits_for_its_rest_or_for_the_end() {
        let mut view = view(Side::Client);
        let cat = "🐈".as_bytes();
        assert_eq!(said(&mut view, 1, Side::Server, &cat[..2]), "");
        assert_eq!(said(&mut view, 1, Side::Server, &cat[2..3]), "");
        assert_eq!(said(&mut view, 1, Side::Server, &[&cat[3..], b"!\xff"].concat()), "🐈!\\xff\n");
        assert_eq!(said(&mut view, 1, Side::Server, &cat[..3]), "");
        assert_eq!(ends(&mut view, 1, Side::Client), "", "our own end ends nothing");
        assert_eq!(ends(&mut view, 1, Side::Server), "… \\xf0\\x9f\\x90\n");
    }

    #[test]
    fn another_encoding_is_read_before_anything_else_is_looked_at() {
        let mut view = view(Side::Client);
        view.look.encoding = "gbk".parse().unwrap();
        assert_eq!(said(&mut view, 1, Side::Server, b"\xc4\xe3\xc4\n\xba"), "你\\xc4\n");
        assert_eq!(said(&mut view, 1, Side::Server, b"\xc3\x1b[2J\n"), "好\\x1b[2J\n");
        assert_eq!(said(&mut view, 1, Side::Server, b"\xa1\xad me\n"), "server: … me\n");
    }

    #[test]
    fn own_lines_are_shown_where_nobody_typed_them() {
        let mut view = view(Side::Client);
        assert_eq!(said(&mut view, 1, Side::Client, b"LOGIN\n"), "");
        view.set_echo(true);
        assert_eq!(said(&mut view, 1, Side::Client, b"LOGIN\nQUIT\n"), "> LOGIN\n> QUIT\n");
    }

    #[test]
    fn a_room_is_shown_as_it_passes_on_what_is_said() {
        let mut view = view(Side::Server);
        view.set_room();
        open(&mut view, 1);
        assert_eq!(said(&mut view, 1, Side::Client, b"/nick zoe\nhi\n"), "");
        view.renamed(ConnId::FIRST, "zoe".to_owned());
        let mut out = String::new();
        view.relayed(At::START, "zoe: hi\n* zoe caf\u{e9}s\n".as_bytes(), &mut out);
        assert_eq!(out, "zoe: hi\n* zoe caf\u{e9}s\n");
        view.set_echo(true);
        assert_eq!(said(&mut view, 1, Side::Server, b"psst\n"), "zoe> psst\n");
    }

    #[test]
    fn the_time_is_local_and_moves() {
        let mut view = view(Side::Client);
        view.set_time(true);
        assert_eq!(said(&mut view, 1, Side::Server, b"x\ny\n"), "11:15:03 x\n11:15:03 y\n");
        assert_eq!(view.time(At::from_micros(60_200_000)), "11:16:03 ");
    }

    #[test]
    fn a_notice_is_one_line_and_runs_nothing() {
        let mut out = String::new();
        let connected = |addr: &str| Notice::Connected { addr: addr.to_owned(), name: None };
        view(Side::Client).notice(&connected("a\n\x1b[2J"), &mut out);
        assert_eq!(out, "-- connected to a\\n\\x1b[2J\n");
    }

    #[test]
    fn what_a_command_tells_may_have_several_lines() {
        let mut out = String::new();
        view(Side::Client).notice(&Notice::Told("a\n\n\x1b[2J\n".into()), &mut out);
        assert_eq!(out, "-- a\n-- \n-- \\x1b[2J\n");
    }

    #[test]
    fn names_and_notices_are_coloured() {
        let mut view = view(Side::Server);
        view.look.colour = true;
        open(&mut view, 1);
        open(&mut view, 2);
        let shown = said(&mut view, 1, Side::Client, b"a\n");
        assert!(
            shown.starts_with("\x1b[38;5;") && shown.ends_with("guest-1: \x1b[0ma\n"),
            "{shown:?}"
        );
        let mut out = String::new();
        view.notice(&Notice::Connected { addr: "a".into(), name: None }, &mut out);
        assert_eq!(out, "\x1b[2m-- connected to a\x1b[0m\n");
    }
}
