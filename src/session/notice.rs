//! What people and scripts are told on standard error.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Ending, Invitation};
use crate::units::{Human, count};
use crate::wire::{ConnId, Visible};

/// Something to tell, as data; its `Display` is the text behind `-- `, and an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A listener is ready, at this address.
    Listening(String),
    /// A listener on every interface is reached by these addresses, as far as is known.
    OpenAt(Vec<String>),
    /// Nothing keeps anybody out who reaches a listener.
    OpenToAll {
        /// It stands between clients and a server.
        tap: bool,
    },
    /// What guests may know a listener over TLS by.
    Pin(String),
    /// About who is invited.
    Invitation(Invitation),
    /// Anybody on this machine can read this file, which has our key.
    OpenKey(PathBuf),
    /// A conn goes on over TLS.
    Secured {
        /// Which.
        conn: ConnId,
        /// Of this version.
        version: &'static str,
    },
    /// Options of TLS were given, and no address asks for it.
    NoTls,
    /// The peer of this conn ended it without saying so, as TLS would have it.
    CutShort(ConnId),
    /// It was not verified who is at this address.
    Unverified(String),
    /// Somebody was not let in.
    TurnedAway {
        /// Its address.
        addr: String,
        /// Why.
        why: String,
        /// So many others were not let in before it, without being told of.
        others: u64,
    },
    /// A connection stands.
    Connected {
        /// To this address.
        addr: String,
        /// What a step called it that opened it, if one did.
        name: Option<String>,
    },
    /// A guest came.
    Joined {
        /// Its name.
        name: String,
        /// Its address.
        addr: String,
    },
    /// A guest is gone.
    Left {
        /// Its name.
        name: String,
        /// How.
        how: Ending,
    },
    /// A guest of a room has another name.
    Renamed {
        /// Its name until now.
        from: String,
        /// Its name.
        to: String,
    },
    /// A guest was not let in.
    Refused {
        /// Its address.
        addr: String,
        /// Why, as it was told.
        why: String,
    },
    /// The peer said that it is done.
    PeerClosed {
        /// What a step called the conn that opened it, if one did.
        name: Option<String>,
    },
    /// Two guests are here, and each hears only the host.
    HearOnlyHost,
    /// Nobody is here to read what was typed.
    NobodyHere,
    /// What was typed went to a guest that has said its last and may still be reading.
    SentToLeaver(String),
    /// We have said our last, and nothing more came from the peer.
    Lingered(Duration),
    /// Lines that no step of the script looked at.
    Unread(u64),
    /// A transcript was written.
    Saved {
        /// How many events are in it.
        events: u64,
        /// How many older ones are not, because memory is bounded.
        missing: u64,
        /// Where.
        file: PathBuf,
    },
    /// A replay came to its end, and all was as recorded.
    Replayed {
        /// How many lines of the peer were compared.
        lines: u64,
        /// The transcript.
        file: String,
        /// To whom, if to one of several.
        guest: Option<String>,
    },
    /// No descriptor is left for a new guest.
    NoDescriptors,
    /// Something that a command has to tell: `/help`, `/show`, `/who`.
    Told(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Listening(addr) => write!(f, "listening on {addr}"),
            Notice::OpenAt(addrs) => write_open_at(f, addrs),
            Notice::OpenToAll { tap } => write_open_to_all(f, *tap),
            Notice::Pin(pin) => write!(f, "certificate pin {pin}"),
            Notice::Invitation(invitation) => invitation.fmt(f),
            Notice::OpenKey(file) => {
                let file = file.display();
                write!(
                    f,
                    "everybody on this machine can read the key in {file}: `chmod 600 {file}`"
                )
            }
            Notice::Secured { conn, version } => {
                write!(f, "conn {conn} goes on over TLS {version}")
            }
            Notice::NoTls => f.write_str(
                "no address begins with `tls:`: nothing is encrypted before a `/starttls`",
            ),
            Notice::CutShort(conn) => write!(
                f,
                "conn {conn} ended without close_notify: somebody in between may have cut it short"
            ),
            Notice::Unverified(addr) => {
                write!(f, "{addr} may be anybody: it was not verified (--tls-insecure)")
            }
            Notice::TurnedAway { addr, why, others } => write_turned_away(f, addr, why, *others),
            Notice::Connected { addr, name: None } => write!(f, "connected to {addr}"),
            Notice::Connected { addr, name: Some(name) } => {
                write!(f, "connected to {addr} as {name}")
            }
            Notice::Joined { name, addr } => write!(f, "{name} joined from {addr}"),
            Notice::Left { name, how } => write_left(f, name, how),
            Notice::Renamed { from, to } => write!(f, "{from} is now {to}"),
            Notice::Refused { addr, why } => write!(f, "{addr} was refused: {why}"),
            Notice::PeerClosed { name: None } => f.write_str("the peer closed the connection"),
            Notice::PeerClosed { name: Some(name) } => {
                write!(f, "{name}: the peer closed the connection")
            }
            Notice::HearOnlyHost => {
                f.write_str("guests hear only the host; with --room they hear each other")
            }
            Notice::NobodyHere => f.write_str("nobody is here: the line was not sent"),
            Notice::SentToLeaver(name) => {
                write!(f, "{name} has left; the line was sent in case it still reads")
            }
            Notice::Lingered(linger) => {
                write!(f, "nothing came for {}: leaving (--linger)", Human(*linger))
            }
            Notice::Unread(lines) => write!(f, "{} stayed unread", count(*lines, "line")),
            Notice::Saved { events, missing, file } => write_saved(f, *events, *missing, file),
            Notice::Replayed { lines, file, guest } => {
                let to = guest.as_ref().map(|guest| format!(" to {guest}")).unwrap_or_default();
                write!(f, "replayed {file}{to}: {} as recorded", count(*lines, "line"))
            }
            Notice::NoDescriptors => f.write_str(
                "no descriptors are left: new guests wait until somebody leaves (see `ulimit -n`)",
            ),
            Notice::Told(text) => f.write_str(text),
        }
    }
}

fn write_open_at(f: &mut fmt::Formatter<'_>, addrs: &[String]) -> fmt::Result {
    match addrs {
        [] => f.write_str("reachable from this machine only: it has no address that others know"),
        addrs => write!(f, "reachable at {}", addrs.join(", ")),
    }
}

fn write_open_to_all(f: &mut fmt::Formatter<'_>, tap: bool) -> fmt::Result {
    // A tap has no code to ask for.
    let only = if tap {
        "--listen 127.0.0.1:PORT only this machine"
    } else {
        "--private only who knows a code"
    };
    write!(f, "anybody who can reach that may join: with {only}")
}

fn write_saved(f: &mut fmt::Formatter<'_>, events: u64, missing: u64, file: &Path) -> fmt::Result {
    write!(f, "saved {} to {}", count(events, "event"), file.display())?;
    if missing > 0 {
        write!(f, ", without {} (--keep)", count(missing, "earlier event"))?;
    }
    Ok(())
}

fn write_turned_away(
    f: &mut fmt::Formatter<'_>,
    addr: &str,
    why: &str,
    others: u64,
) -> fmt::Result {
    write!(f, "{addr} was turned away: {why}")?;
    if others > 0 {
        write!(f, " (and {} before it)", count(others, "other"))?;
    }
    Ok(())
}

fn write_left(f: &mut fmt::Formatter<'_>, name: &str, how: &Ending) -> fmt::Result {
    match how {
        Ending::Eof => write!(f, "{name} left: closed"),
        Ending::Kicked(why) if !why.is_empty() => {
            write!(f, "{name} left: kicked: {}", Visible(why.as_bytes()))
        }
        how => write!(f, "{name} left: {how}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_an_interface() {
        let joined = Notice::Joined { name: "guest-1".into(), addr: "127.0.0.1:50312".into() };
        assert_eq!(joined.to_string(), "guest-1 joined from 127.0.0.1:50312");
        let left = |how| Notice::Left { name: "guest-1".into(), how }.to_string();
        assert_eq!(left(Ending::Eof), "guest-1 left: closed");
        assert_eq!(left(Ending::Reset), "guest-1 left: reset");
        assert_eq!(left(Ending::Slow), "guest-1 left: slow");
        assert_eq!(left(Ending::Kicked(String::new())), "guest-1 left: kicked");
        assert_eq!(left(Ending::Kicked("rude\x1b".into())), "guest-1 left: kicked: rude\\x1b");
        let open = Notice::OpenAt(vec!["192.168.1.7:51423".into(), "[2001:db8::7]:51423".into()]);
        assert_eq!(open.to_string(), "reachable at 192.168.1.7:51423, [2001:db8::7]:51423");
        let saved = Notice::Saved { events: 1, missing: 2, file: "a.json".into() };
        assert_eq!(saved.to_string(), "saved 1 event to a.json, without 2 earlier events (--keep)");
    }
}
