//! Lengths on drawings.

use std::fmt;

/// A length on a drawing, to a tenth of a pixel, which nobody sees more of.
#[derive(Debug, Clone, Copy)]
pub struct Px(pub f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", (self.0 * 10.0).round() / 10.0)
    }
}
