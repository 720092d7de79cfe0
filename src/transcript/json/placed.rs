//! Where in the text of a transcript its events stand.

use std::ops::Range;

use serde_json::value::RawValue;

use super::fields::{Fields, offset_in};
use super::{Fault, Form, LateWants, Reader, Stop};
use crate::transcript::Transcript;

/// A transcript, and where in its text each of its events stands.
pub(super) struct Placed {
    pub(super) transcript: Transcript,
    pub(super) places: Vec<Range<usize>>,
    /// Some of its events count lines.
    pub(super) counts_lines: bool,
    form: Form,
}

impl Placed {
    /// What stands between two events.
    pub(super) const fn form_gap(&self) -> &'static [u8] {
        match self.form {
            Form::Document => b",\n",
            Form::Lines => b"\n",
        }
    }

    /// Where in what stands behind the last event the trailer says how many there are.
    pub(super) fn count_in(&self, rest: &[u8]) -> Option<Range<usize>> {
        if self.form == Form::Document {
            return None;
        }
        let line = rest.trim_ascii();
        let mut fields = Fields::of(line).ok()?;
        let is_trailer = fields.take_as::<&str>(line, "ev").ok()? == Some("end");
        let count = fields.take(line, "events").ok()?.filter(|_| is_trailer)?;
        let start = offset_in(rest, count.get());
        Some(start..start + count.get().len())
    }
}

/// Reads a transcript, and takes note of where its events stand; `None` where that cannot be told.
///
/// # Errors
/// As [`super::parse`].
pub(super) fn parse_placed(text: &[u8]) -> Result<Option<Placed>, Fault> {
    let mut reader = Reader::new(text).map_err(Stop::into_fault)?;
    let mut events = Vec::new();
    while let Some(event) = reader.next().map_err(Stop::into_fault)? {
        events.push(event);
    }
    let (header, missing, ended) = reader.into_parts();
    let Some((form, all)) = all_places(text).filter(|(_, all)| all.len() >= events.len()) else {
        return Ok(None);
    };
    let mut wants = LateWants::new(header.role);
    for event in &events {
        wants.note(event);
    }
    // Behind the last event stands what is torn, or the trailer.
    let mut all = all.into_iter();
    let (mut places, mut counts_lines) = (Vec::with_capacity(events.len()), false);
    events.retain_mut(|event| {
        let kept = wants.fold(event);
        places.extend(all.next().filter(|_| kept));
        counts_lines |= !kept;
        kept
    });
    let transcript = Transcript { header, events, missing, ended };
    Ok(Some(Placed { transcript, places, counts_lines, form }))
}

/// Where in a text that is known to be good everything stands that has the place of an event.
fn all_places(text: &[u8]) -> Option<(Form, Vec<Range<usize>>)> {
    let begin = text.iter().position(|byte| *byte == b'{')?;
    let mut values = serde_json::Deserializer::from_slice(&text[begin..]).into_iter::<Fields<'_>>();
    let mut head = values.next()?.ok()?;
    let end = begin + values.byte_offset();
    let events = head.take(text, "events").ok()?;
    let Some(events) = events else {
        let lines = text[end..].split(|byte| *byte == b'\n').map(|line: &[u8]| line.trim_ascii());
        let lines = lines.filter(|line| !line.is_empty());
        return Some((Form::Lines, lines.map(|line| place(text, line)).collect()));
    };
    let events: Vec<&RawValue> = serde_json::from_str(events.get()).ok()?;
    let places = events.iter().map(|event| {
        let start = offset_in(text, event.get());
        start..start + event.get().len()
    });
    Some((Form::Document, places.collect()))
}

fn place(text: &[u8], line: &[u8]) -> Range<usize> {
    let start = line.as_ptr().addr() - text.as_ptr().addr();
    start..start + line.len()
}
