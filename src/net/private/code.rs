//! The code that an invited guest knows.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use bip39::Language;
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;

use crate::units::count;

/// The words of codes: the English list of BIP 39, whose words differ within their first four letters.
pub static WORDS: LazyLock<&[&str]> = LazyLock::new(|| Language::English.word_list());

/// How many words a code of ours has. Each is 11 bits: of all that can be, five guesses find one with a
/// probability of 5 in 2^33, and five a minute for a year with one of 1 in 3,000.
const LENGTH: usize = 3;

/// How many a code may have that somebody else thought of.
const LONGEST: usize = 12;

/// Words that a host and its guests know, and nobody else. It is shown by [`Code::words`] alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

/// A text is no [`Code`]. None of these says a word of it that could be right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CodeError {
    /// A word is of no list, so that no code has it.
    #[error("`{0}` is no word of a code")]
    Unknown(String),
    /// Too few words, or too many.
    #[error("it has {}, and a code has {LENGTH} to {LONGEST}", count(*.words as u64, "word"))]
    Length {
        /// How many.
        words: usize,
    },
}

impl Code {
    /// A code that nobody can guess.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn make() -> Result<Code, String> {
        let mut random = [0; 2 * LENGTH];
        let filled = SystemRandom::new().fill(&mut random);
        filled.map_err(|_| "the system has no random numbers for a code".to_owned())?;
        Ok(Code::of(random))
    }

    /// The code of these numbers: every word is as probable as any other, since there are 2^11.
    fn of(random: [u8; 2 * LENGTH]) -> Code {
        let (pairs, _) = random.as_chunks::<2>();
        let words = pairs.iter().map(|pair| {
            let number = usize::from(u16::from_be_bytes(*pair));
            WORDS[number % WORDS.len()]
        });
        Code(words.collect::<Vec<_>>().join(" "))
    }

    /// Its words, to be shown to whoever may know them: in small letters, a space between each.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = CodeError;

    /// Capital letters are small ones; what stands between words may be spaces, `-` or line ends.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let text = text.to_ascii_lowercase();
        let parted = |c: char| c.is_whitespace() || c == '-';
        let words: Vec<&str> = text.split(parted).filter(|word| !word.is_empty()).collect();
        if let Some(word) = words.iter().find(|word| Language::English.find_word(word).is_none()) {
            return Err(CodeError::Unknown(word.chars().take(40).collect()));
        }
        if !(LENGTH..=LONGEST).contains(&words.len()) {
            return Err(CodeError::Length { words: words.len() });
        }
        Ok(Code(words.join(" ")))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_a_power_of_two_and_differ_soon() {
        assert_eq!(WORDS.len(), 2048);
        let mut begins: Vec<&str> = WORDS.iter().map(|word| &word[..word.len().min(4)]).collect();
        begins.dedup();
        assert_eq!(begins.len(), WORDS.len(), "four letters say which word it is");
    }

    #[test]
    fn a_code_is_made_of_all_words() {
        assert_eq!(Code::of([0, 0, 0xff, 0xff, 0x08, 0x01]).words(), "abandon zoo ability");
        assert_ne!(Code::make().unwrap(), Code::make().unwrap());
    }

    #[test]
    fn it_may_be_written_as_one_hears_it() {
        let code: Code = " Zoo-abandon\n  ABILITY\r\n".parse().unwrap();
        assert_eq!(code.words(), "zoo abandon ability");
        assert_eq!(code.words().parse(), Ok(code));
    }

    #[test]
    fn what_no_code_can_be_costs_no_guess() {
        let told = |text: &str| text.parse::<Code>().unwrap_err().to_string();
        assert_eq!(told("zoo abandom ability"), "`abandom` is no word of a code");
        assert_eq!(told("zoo zoo"), "it has 2 words, and a code has 3 to 12");
        assert_eq!(told(""), "it has 0 words, and a code has 3 to 12");
        assert_eq!(told(&"zoo ".repeat(13)), "it has 13 words, and a code has 3 to 12");
        assert!(told(&"x".repeat(1000)).len() < 80);
    }

    #[test]
    fn it_is_not_shown_by_the_way() {
        assert_eq!(format!("{:?}", Code::of([0; 6])), "Code(..)");
    }
}
