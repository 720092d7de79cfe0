//! One line that a peer is expected to say.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::want::{ItemFault, Want, Wants};
use crate::matching::{Capture, Masks, PatternError, Vars, nearest};
use crate::wire::Line;

/// What is expected, as it was recorded.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// The bytes, line end included. Without one it is a partial line: what the stream goes on with,
    /// whatever follows it.
    pub bytes: Bytes,
    /// The pattern that it must match, instead of being equal.
    pub want: Option<String>,
    /// It may be missing.
    pub opt: bool,
    /// Neighbours of one group come in any order.
    pub group: Option<usize>,
}

/// A line that is expected, ready to be compared.
#[derive(Debug, Clone)]
pub struct Item {
    pub(super) bytes: Bytes,
    /// Its text as masks make it, where that is another.
    masked: Option<Vec<u8>>,
    want: Option<Arc<Want>>,
    pub(super) opt: bool,
    pub(super) group: Option<usize>,
}

/// A line that came.
#[derive(Debug, Clone)]
pub(super) struct Came<'a> {
    line: Line<'a>,
    /// Its text as patterns see it.
    text: Cow<'a, [u8]>,
    /// Its text as masks make it.
    masked: Option<Vec<u8>>,
}

impl<'a> Came<'a> {
    pub(super) fn new(bytes: &'a [u8], masks: &Masks) -> Came<'a> {
        let line = Line::cut(bytes);
        let masked = (!masks.is_empty()).then(|| masks.apply(line.text).into_owned());
        Came { line, text: masks.encoding().text(line.text), masked }
    }
}

impl Item {
    /// Makes an expected line ready, to be compared without what `masks` hide. What `wants` know is shared.
    ///
    /// # Errors
    /// Its `want` is no pattern.
    pub fn new(expected: Expected, masks: &Masks, wants: &mut Wants) -> Result<Item, ItemFault> {
        let Expected { bytes, want, opt, group } = expected;
        let want = want.map(|source| wants.want(&source)).transpose()?;
        let none = Masks::default();
        let plain = Item::plain(bytes, if want.is_none() { masks } else { &none });
        Ok(Item { want, opt, group, ..plain })
    }

    /// A line that must come as it was recorded.
    #[must_use]
    pub fn plain(bytes: Bytes, masks: &Masks) -> Item {
        let masked = (!masks.is_empty()).then(|| masks.apply(Line::cut(&bytes).text).into_owned());
        Item { bytes, masked, want: None, opt: false, group: None }
    }

    /// What of a line, as patterns see it, is another than the literal text of its pattern: the first part,
    /// in bytes, if the line is at all like it.
    #[must_use]
    pub fn differs_from_want(&self, line: &[u8], vars: &Vars) -> Option<Range<usize>> {
        let pattern = self.want.as_ref()?.compile(vars).ok()?;
        nearest(&pattern, &[line])?.differs.into_iter().next()
    }

    /// Its bytes, as recorded.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The pattern that it must match, as it was written.
    #[must_use]
    pub fn want(&self) -> Option<&str> {
        self.want.as_ref().map(|want| want.source())
    }

    /// Whether it may be missing.
    #[must_use]
    pub fn is_opt(&self) -> bool {
        self.opt
    }

    /// The group whose members come in any order.
    #[must_use]
    pub fn group(&self) -> Option<usize> {
        self.group
    }

    /// The variables that its pattern uses.
    pub fn uses(&self) -> impl Iterator<Item = &str> {
        self.want.iter().flat_map(|want| want.uses())
    }

    /// Whether it is this line. A pattern that uses a variable which has no value is none.
    #[must_use]
    pub fn is(&self, line: &[u8], masks: &Masks, vars: &Vars) -> bool {
        self.fits(&Came::new(line, masks), vars).is_ok_and(|fits| fits.is_some())
    }

    /// What its pattern captures from a line, if that is as it is to be.
    #[must_use]
    pub fn captures(&self, line: &[u8], masks: &Masks, vars: &Vars) -> Vec<Capture> {
        self.fits(&Came::new(line, masks), vars).ok().flatten().unwrap_or_default()
    }

    /// What its pattern captures from a line that is as it is to be; `None` for another line.
    ///
    /// # Errors
    /// Its pattern uses a variable that has no value.
    pub fn find(
        &self,
        line: &[u8],
        masks: &Masks,
        vars: &Vars,
    ) -> Result<Option<Vec<Capture>>, PatternError> {
        self.fits(&Came::new(line, masks), vars)
    }

    /// How much another line is like it, up to 1.
    #[must_use]
    pub fn is_like(&self, line: &[u8], masks: &Masks) -> f64 {
        self.likeness(&Came::new(line, masks))
    }

    /// Whether a line differs from it in its end only.
    #[must_use]
    pub fn differs_by_end(&self, line: &[u8], masks: &Masks, vars: &Vars) -> bool {
        self.is_but_for_its_end(&Came::new(line, masks), vars)
    }

    /// Whether it is compared byte for byte.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.want.is_none() && self.masked.is_none()
    }

    /// Whether it has no line end.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        !self.bytes.ends_with(b"\n")
    }

    /// Whether an unfinished line may become it.
    pub(super) fn may_begin(&self, bytes: &[u8]) -> bool {
        !self.is_exact() || self.bytes.starts_with(bytes)
    }

    /// What its pattern captures from a line that is as it is to be; `None` for another line.
    ///
    /// # Errors
    /// Its pattern uses a variable that has no value.
    pub(super) fn fits(
        &self,
        came: &Came<'_>,
        vars: &Vars,
    ) -> Result<Option<Vec<Capture>>, PatternError> {
        let line = Line::cut(&self.bytes);
        if line.eol != came.line.eol {
            return Ok(None);
        }
        if let Some(want) = &self.want {
            return want.find(&came.text, vars);
        }
        let masked = self.masked.is_some() && self.masked == came.masked;
        Ok((masked || line.text == came.line.text).then(Vec::new))
    }

    /// Whether its pattern matches, or the text is the same, whatever the line end.
    pub(super) fn is_but_for_its_end(&self, came: &Came<'_>, vars: &Vars) -> bool {
        let bytes = crate::wire::with_eol(came.line.text, Line::cut(&self.bytes).eol);
        let (line, text, masked) = (Line::cut(&bytes), came.text.clone(), came.masked.clone());
        let same = Came { line, text, masked };
        self.fits(&same, vars).is_ok_and(|fits| fits.is_some())
    }

    /// How much a line that does not fit is like it, up to 1.
    pub(super) fn likeness(&self, came: &Came<'_>) -> f64 {
        let own = self.masked.as_deref().unwrap_or(Line::cut(&self.bytes).text);
        let other = came.masked.as_deref().filter(|_| self.masked.is_some());
        likeness(own, other.unwrap_or(came.line.text))
    }
}

/// How much of two lines is the same: at both ends, or at the same places from one end.
fn likeness(one: &[u8], other: &[u8]) -> f64 {
    let cut = |line: &[u8]| line.len().min(COMPARED);
    let (one, other) = (&one[..cut(one)], &other[..cut(other)]);
    let equal = |(a, b): &(&u8, &u8)| a == b;
    let prefix = one.iter().zip(other).take_while(equal).count();
    let rest = one.len().min(other.len()) - prefix;
    let ends = || one.iter().rev().zip(other.iter().rev());
    let suffix = ends().take(rest).take_while(equal).count();
    let in_place = one.iter().zip(other).filter(equal).count();
    let same = (prefix + suffix).max(in_place).max(ends().filter(equal).count());
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let likeness = same as f64 / one.len().max(other.len()).max(1) as f64;
    likeness
}

/// How many bytes of a line say how much it is like another.
const COMPARED: usize = 4096;
