//! The colours, in one place.

use anstyle::{Ansi256Color, AnsiColor, Color, Effects, Style};

/// What this program itself has to say: notices, times, hints.
pub(super) const ASIDE: Style = Style::new().effects(Effects::DIMMED);

/// The prompt.
pub(super) const PROMPT: Style = Style::new().effects(Effects::BOLD);

/// What somebody says to us by name.
pub(super) const MENTION: Style = Style::new().effects(Effects::BOLD);

/// The word of a `/command` that is being typed.
pub(super) const COMMAND: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));

/// Colours of names, all around the wheel. Of the 256 these are some that have a contrast (WCAG 2) of
/// at least 3.6 on white and 4.2 on black, so they can be read on whatever background there is.
const NAMES: [u8; 14] = [131, 167, 166, 130, 100, 64, 28, 30, 32, 63, 98, 134, 163, 132];

/// The colour of a name: the same one in every session.
pub(super) fn of_name(name: &str) -> Style {
    let index = fnv1a(name.as_bytes()) % NAMES.len() as u64;
    let colour = usize::try_from(index).ok().and_then(|index| NAMES.get(index)).copied();
    Style::new().fg_color(colour.map(|colour| Color::Ansi256(Ansi256Color(colour))))
}

/// Appends `text` in this style, or as it is where there is no colour.
pub(super) fn push(out: &mut String, colour: bool, style: Style, text: &str) {
    if colour {
        out.push_str(&style.render().to_string());
        out.push_str(text);
        out.push_str(&style.render_reset().to_string());
    } else {
        out.push_str(text);
    }
}

/// `text` in this style, or as it is where there is no colour.
pub(super) fn styled(colour: bool, style: Style, text: &str) -> String {
    let mut out = String::new();
    push(&mut out, colour, style, text);
    out
}

/// 64-bit FNV-1a: small, and fixed for good, which the hashes of the standard library are not.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_colour_and_names_have_several() {
        assert_eq!(of_name("guest-1"), of_name("guest-1"));
        let mut colours: Vec<String> =
            (1..=8).map(|n| of_name(&format!("guest-{n}")).render().to_string()).collect();
        colours.sort();
        colours.dedup();
        assert!(colours.len() >= 4, "{colours:?}");
    }
}
