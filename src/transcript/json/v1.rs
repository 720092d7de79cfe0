//! Version 1 of the format, field by field.

use bytes::Bytes;
use jiff::Timestamp;

use super::fields::{Fields, Raw, Wrong, decode, offset_in};
use crate::transcript::{Event, Header, Marks, Said, What};
use crate::units::At;
use crate::wire::{ConnId, Encoding, Eol, Side, unesc};

/// What a header says, besides the events of a document.
pub(super) struct Head {
    pub(super) header: Header,
    pub(super) missing: u64,
    pub(super) interrupted: Option<String>,
}

/// What stands where events stand.
pub(super) enum Entry {
    /// An event.
    Event(Event),
    /// The trailer.
    End {
        /// How many events are missing.
        missing: u64,
    },
}

/// Reads a header whose `chat-repl` and `version` are taken and good.
pub(super) fn header(text: &[u8], mut fields: Fields<'_>) -> Result<Head, Wrong> {
    let Some(started) = fields.take(text, "started")? else {
        let hint = "no `started`, expected a time such as `2026-10-07T09:15:02Z`";
        return Err(Wrong::new(0, hint));
    };
    let started =
        parsed(text, "started", started, "a time such as `2026-10-07T09:15:02Z`", |at| {
            at.parse::<Timestamp>().ok()
        })?;
    let role = take_role(text, &mut fields)?;
    let eol = take_eol(text, &mut fields)?.unwrap_or_default();
    let encoding = take_encoding(text, &mut fields)?;
    let mask = fields.take_as(text, "mask")?.unwrap_or_default();
    let missing = fields.take_as(text, "missing")?.unwrap_or(0);
    let interrupted = fields.take_as(text, "interrupted")?;
    let header = Header { started, role, eol, encoding, mask, extra: fields.rest() };
    Ok(Head { header, missing, interrupted })
}

/// Reads events, each of which says how long after the one before it happened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoder {
    eol: Eol,
    last: At,
}

impl Decoder {
    pub(super) fn new(header: &Header) -> Decoder {
        Decoder { eol: header.eol, last: At::START }
    }

    /// Reads one entry: the object that `text` is.
    pub(super) fn entry(&mut self, text: &[u8]) -> Result<Entry, Wrong> {
        let mut fields = Fields::of(text)?;
        let at = self.take_at(text, &mut fields)?;
        let ev: Option<String> = fields.take_as(text, "ev")?;
        if ev.as_deref() == Some("end") {
            let missing = fields.take_as(text, "missing")?.unwrap_or(0);
            return Ok(Entry::End { missing });
        }
        let conn = take_conn(text, &mut fields)?;
        let what = match ev.as_deref() {
            None => self.take_line(text, &mut fields)?,
            Some("open") => What::Open {
                addr: require("addr", "a string", fields.take_as(text, "addr")?)?,
                name: fields.take_as(text, "name")?,
                role: take_role(text, &mut fields)?,
            },
            Some("close") => What::Close {
                from: take_from(text, &mut fields)?,
                how: require("how", "a string", fields.take_as(text, "how")?)?,
            },
            Some("note") => {
                What::Note { text: require("text", "a string", fields.take_as(text, "text")?)? }
            }
            Some(_) => What::Unknown { ev: ev.unwrap_or_default() },
        };
        Ok(Entry::Event(Event { at, conn, what, extra: fields.rest() }))
    }

    /// When: as long after the last event as `dt` says, which is 0 where it is not there.
    fn take_at(&mut self, text: &[u8], fields: &mut Fields<'_>) -> Result<At, Wrong> {
        if let Some(dt) = fields.take(text, "dt")? {
            let at = micros(dt.get()).and_then(|micros| self.last.micros().checked_add(micros));
            self.last = At::from_micros(at.ok_or_else(|| {
                unfit(text, "dt", dt, "milliseconds since the event before, such as `3.102`")
            })?);
        }
        Ok(self.last)
    }

    fn take_line(&self, text: &[u8], fields: &mut Fields<'_>) -> Result<What, Wrong> {
        let line = fields.take(text, "line")?;
        let esc = fields.take(text, "esc")?;
        let said = match (line, esc) {
            (Some(line), None) => decode::<String>(text, "line", line)?.into(),
            (None, Some(esc)) => unescaped(text, esc)?,
            (None, None) => {
                return Err(Wrong::new(0, "no `line`, expected `line`, `esc` or `ev`"));
            }
            (Some(_), Some(esc)) => {
                let what = "both `line` and `esc`, expected one of them";
                return Err(Wrong::new(offset_in(text, esc.get()), what));
            }
        };
        Ok(What::Line(Said {
            from: take_from(text, fields)?,
            text: said,
            eol: take_eol(text, fields)?.unwrap_or(self.eol),
            marks: take_marks(text, fields)?,
        }))
    }
}

fn take_marks(text: &[u8], fields: &mut Fields<'_>) -> Result<Marks, Wrong> {
    Ok(Marks {
        want: fields.take_as(text, "want")?,
        send: fields.take_as(text, "send")?,
        opt: fields.take_as(text, "opt")?.unwrap_or(false),
        group: fields.take_as(text, "group")?,
        secret: fields.take_as(text, "secret")?.unwrap_or_default(),
    })
}

fn take_conn(text: &[u8], fields: &mut Fields<'_>) -> Result<Option<ConnId>, Wrong> {
    let Some(value) = fields.take(text, "conn")? else { return Ok(None) };
    let conn = value.get().parse().ok().and_then(ConnId::new);
    conn.map(Some).ok_or_else(|| unfit(text, "conn", value, "a number from 1"))
}

fn take_role(text: &[u8], fields: &mut Fields<'_>) -> Result<Option<Side>, Wrong> {
    fields.take(text, "role")?.map(|role| side(text, "role", role)).transpose()
}

fn take_from(text: &[u8], fields: &mut Fields<'_>) -> Result<Side, Wrong> {
    let from = require("from", "`client` or `server`", fields.take(text, "from")?)?;
    side(text, "from", from)
}

fn side(text: &[u8], key: &str, value: Raw<'_>) -> Result<Side, Wrong> {
    parsed(text, key, value, "`client` or `server`", |side| {
        [Side::Client, Side::Server].into_iter().find(|known| known.as_str() == side)
    })
}

fn take_eol(text: &[u8], fields: &mut Fields<'_>) -> Result<Option<Eol>, Wrong> {
    let Some(value) = fields.take(text, "eol")? else { return Ok(None) };
    parsed(text, "eol", value, r#""\n", "\r\n" or """#, Eol::from_text).map(Some)
}

fn take_encoding(text: &[u8], fields: &mut Fields<'_>) -> Result<Encoding, Wrong> {
    let Some(value) = fields.take(text, "encoding")? else { return Ok(Encoding::UTF_8) };
    parsed(text, "encoding", value, "a name such as `gbk`", |name| name.parse().ok())
}

fn unescaped(text: &[u8], value: Raw<'_>) -> Result<Bytes, Wrong> {
    let esc: String = decode(text, "esc", value)?;
    let bytes = unesc(&esc).map_err(|at| {
        let bad: String = esc[at..].chars().take(4).collect();
        let what = format!("`esc` has `{bad}`, expected `\\xNN` or `\\\\` after a backslash");
        Wrong::new(offset_in(text, value.get()), what)
    })?;
    Ok(bytes.into())
}

/// What `parse` makes of the string that `value` is.
fn parsed<T>(
    text: &[u8],
    key: &str,
    value: Raw<'_>,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, Wrong> {
    let plain = value.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let found = match plain {
        Some(plain) if !plain.contains('\\') => parse(plain),
        _ => serde_json::from_str::<String>(value.get()).ok().as_deref().and_then(parse),
    };
    found.ok_or_else(|| unfit(text, key, value, expected))
}

fn require<T>(key: &str, expected: &str, value: Option<T>) -> Result<T, Wrong> {
    value.ok_or_else(|| Wrong::new(0, format!("no `{key}`, expected {expected}")))
}

fn unfit(text: &[u8], key: &str, value: Raw<'_>, expected: &str) -> Wrong {
    let mut found: String = value.get().chars().take(40).collect();
    if found.len() < value.get().len() {
        found.push('…');
    }
    let what = format!("`{key}` is `{found}`, expected {expected}");
    Wrong::new(offset_in(text, value.get()), what)
}

/// Microseconds from a JSON number of milliseconds, rounded to the nearest; `None` for what is no
/// number, is negative or too large. What this program writes is read exactly.
fn micros(number: &str) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(whole) && digits(fraction) && fraction.len() <= 3 {
        let fraction: u64 = format!("{fraction:0<3}").parse().ok()?;
        return whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(fraction);
    }
    let micros = (number.parse::<f64>().ok()? * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds")]
    (0.0..=MOST_MICROS).contains(&micros).then_some(micros as u64)
}

/// The last integer up to which an `f64` holds every one.
const MOST_MICROS: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_read_to_the_microsecond() {
        for (text, read) in [
            ("0", Some(0)),
            ("3.102", Some(3102)),
            ("810.4", Some(810_400)),
            ("18446744073709551.615", Some(u64::MAX)),
            ("3.1020000000000003", Some(3102)),
            ("1e3", Some(1_000_000)),
            ("1.5E-1", Some(150)),
            ("18446744073709551.616", None),
            ("-0.001", None),
            ("1e999", None),
            ("\"3\"", None),
            ("[]", None),
        ] {
            assert_eq!(micros(text), read, "{text}");
        }
    }
}
