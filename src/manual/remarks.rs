//! What `--help` says below the options, taken apart: a page has sections for it.

/// The parts of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Remarks {
    /// Paragraphs.
    pub(super) paragraphs: Vec<String>,
    /// The lines of the examples.
    pub(super) examples: Vec<String>,
    /// Statuses and what they mean.
    pub(super) statuses: Vec<(String, String)>,
}

const EXAMPLES: &str = "Examples:";
const STATUS: &str = "Exit status: ";

/// What the line before was part of.
enum Part {
    Paragraph,
    Examples,
    Status,
}

impl Remarks {
    /// Reads paragraphs; examples, indented below `Examples:`; and statuses, behind `Exit status: `.
    pub(super) fn read(text: &str) -> Remarks {
        let mut remarks = Remarks::default();
        let (mut part, mut status) = (None, String::new());
        for line in text.lines() {
            part = match part {
                _ if line == EXAMPLES => Some(Part::Examples),
                _ if line.starts_with(STATUS) => Some(Part::Status),
                _ if line.is_empty() => None,
                Some(Part::Examples) if !line.starts_with("  ") => None,
                other => other,
            };
            match part {
                Some(Part::Examples) if line == EXAMPLES => {}
                Some(Part::Examples) => remarks.examples.push(line.trim_start().to_owned()),
                Some(Part::Status) => joined(&mut status, line),
                Some(Part::Paragraph) => {
                    if let Some(paragraph) = remarks.paragraphs.last_mut() {
                        joined(paragraph, line);
                    }
                }
                None if line.is_empty() => {}
                None => {
                    remarks.paragraphs.push(line.to_owned());
                    part = Some(Part::Paragraph);
                }
            }
        }
        remarks.statuses = statuses(status.strip_prefix(STATUS).unwrap_or_default());
        remarks
    }
}

fn joined(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(line);
}

/// `0 done, 130 and 143 stopped by a signal.`
fn statuses(text: &str) -> Vec<(String, String)> {
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let mut found: Vec<(String, String)> = Vec::new();
    for piece in text.trim_end_matches('.').split(", ").filter(|piece| !piece.is_empty()) {
        let words: Vec<&str> = piece.split(' ').collect();
        let numbers = words.iter().take_while(|word| is_number(word) || **word == "and").count();
        match found.last_mut() {
            // A comma in what one means.
            Some((_, meaning)) if numbers == 0 => {
                meaning.push_str(", ");
                meaning.push_str(piece);
            }
            _ => found.push((words[..numbers].join(" "), words[numbers..].join(" "))),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(all: &[&str]) -> Vec<String> {
        all.iter().map(|&one| one.to_owned()).collect()
    }

    #[test]
    fn paragraphs_examples_and_statuses_are_told_apart() {
        let read = Remarks::read(
            "One,\nand on.\n\nTwo.\n\nExamples:\n  a b\n  c\n\nThree.\nExit status: 0 all passed, 1 some did not, or\nnone, 130 and 143 a signal.",
        );
        assert_eq!(read.paragraphs, ["One, and on.", "Two.", "Three."]);
        assert_eq!(read.examples, owned(&["a b", "c"]));
        let statuses: Vec<_> = read.statuses.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(
            statuses,
            [("0", "all passed"), ("1", "some did not, or none"), ("130 and 143", "a signal")]
        );
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(Remarks::read(""), Remarks::default());
    }
}
