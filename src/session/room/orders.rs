//! What anybody in a room may ask of it: the one table from which the parser and the guests' `/help`
//! come. The host's prompt has the same commands, and more; a test holds the two tables together.

use std::fmt;

use memchr::memchr;

use crate::matching::most_similar;
use crate::wire::Visible;

/// A command that a room understands, from whatever program it comes.
#[derive(Debug)]
pub struct Order {
    /// Its name, without the slash.
    pub name: &'static str,
    /// What follows it: `NAME TEXT`; empty where nothing does.
    pub params: &'static str,
    /// What it does.
    pub summary: &'static str,
    build: for<'a> fn(&'a [u8]) -> Option<Ask<'a>>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask<'a> {
    Nick(&'a [u8]),
    Who,
    Me(&'a [u8]),
    Msg(&'a [u8], &'a [u8]),
    Help,
    Quit,
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OrderFault {
    Unknown { name: String, near: Option<&'static str> },
    Usage(&'static str),
}

/// The commands that a room understands.
pub static ORDERS: [Order; 6] = [
    Order {
        name: "nick",
        params: "NAME",
        summary: "be called NAME",
        build: |rest| {
            word(rest).filter(|(_, rest)| rest.is_empty()).map(|(name, _)| Ask::Nick(name))
        },
    },
    Order {
        name: "who",
        params: "",
        summary: "list who is here",
        build: |rest| alone(rest, Ask::Who),
    },
    Order {
        name: "me",
        params: "TEXT",
        summary: "say what you do: `* alice waves`",
        build: |rest| (!rest.is_empty()).then_some(Ask::Me(rest)),
    },
    Order {
        name: "msg",
        params: "NAME TEXT",
        summary: "say TEXT to NAME only",
        build: |rest| {
            let (name, text) = word(rest)?;
            (!text.is_empty()).then_some(Ask::Msg(name, text))
        },
    },
    Order {
        name: "help",
        params: "",
        summary: "list these commands",
        build: |rest| alone(rest, Ask::Help),
    },
    Order {
        name: "quit",
        params: "",
        summary: "leave the room",
        build: |rest| alone(rest, Ask::Quit),
    },
];

impl Order {
    /// How it is written: `/msg NAME TEXT`.
    #[must_use]
    pub fn usage(&self) -> String {
        format!("/{} {}", self.name, self.params).trim_end().to_owned()
    }
}

/// What a line asks for, that begins with a slash and has no line end.
pub(super) fn parse(line: &[u8]) -> Result<Ask<'_>, OrderFault> {
    let line = line.strip_prefix(b"/").unwrap_or(line).trim_ascii_end();
    let (name, rest) = word(line).unwrap_or_default();
    if let Some(order) = ORDERS.iter().find(|order| order.name.as_bytes() == name) {
        (order.build)(rest).ok_or(OrderFault::Usage(order.name))
    } else {
        let name = Visible(&name[..name.len().min(LONGEST)]).to_string();
        let near = most_similar(&name, ORDERS.iter().map(|order| order.name));
        Err(OrderFault::Unknown { name, near })
    }
}

/// What of a command's name is told back, in bytes.
const LONGEST: usize = 32;

/// A word and what follows the blanks behind it; `None` where there is no word.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b' ', text).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (!word.is_empty()).then_some((word, rest.trim_ascii_start()))
}

/// That, where nothing follows.
fn alone<'a>(rest: &[u8], ask: Ask<'a>) -> Option<Ask<'a>> {
    rest.is_empty().then_some(ask)
}

/// What `/help` tells.
pub(super) fn help() -> impl Iterator<Item = String> {
    let last = "anything else is said to all; `//x` says `/x`".to_owned();
    ORDERS.iter().map(|order| format!("{}: {}", order.usage(), order.summary)).chain([last])
}

impl fmt::Display for OrderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OrderFault::Unknown { name, near: Some(near) } => {
                write!(f, "no command `/{name}`: did you mean `/{near}`?")
            }
            OrderFault::Unknown { name, near: None } => {
                write!(f, "no command `/{name}`: `/help` lists them, `//{name}` says it")
            }
            OrderFault::Usage(name) => {
                let usage = ORDERS.iter().find(|order| order.name == *name).map(Order::usage);
                write!(f, "write `{}`", usage.unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_people_write_them() {
        for (line, ask) in [
            (&b"/nick bob"[..], Ask::Nick(b"bob")),
            (b"/nick  bob  ", Ask::Nick(b"bob")),
            (b"/who", Ask::Who),
            (b"/me waves  twice", Ask::Me(b"waves  twice")),
            (b"/msg bob  hi there", Ask::Msg(b"bob", b"hi there")),
            (b"/help", Ask::Help),
            (b"/quit ", Ask::Quit),
        ] {
            assert_eq!(parse(line), Ok(ask));
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_what_could() {
        for (line, told) in [
            (&b"/nick"[..], "write `/nick NAME`"),
            (b"/nick a b", "write `/nick NAME`"),
            (b"/me ", "write `/me TEXT`"),
            (b"/msg bob", "write `/msg NAME TEXT`"),
            (b"/who there", "write `/who`"),
            (b"/nik bob", "no command `/nik`: did you mean `/nick`?"),
            (b"/\x1b[2J", "no command `/\\x1b[2J`: `/help` lists them, `//\\x1b[2J` says it"),
            (b"/", "no command `/`: `/help` lists them, `//` says it"),
        ] {
            assert_eq!(parse(line).unwrap_err().to_string(), told);
        }
        let long = [b"/", &*b"x".repeat(1 << 20)].concat();
        assert!(parse(&long).unwrap_err().to_string().len() < 200);
    }
}
