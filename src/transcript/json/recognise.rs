//! Whether a file is a transcript, by a look at its beginning.

use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// Whether what is read begins with an object that has `"chat-repl":"transcript"`. It reads no
/// further than that key, so that a file which breaks off is still known for what it is.
pub fn is_transcript(read: impl Read) -> bool {
    let mut found = false;
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(read));
    let _ = json.deserialize_map(Recogniser { found: &mut found });
    found
}

struct Recogniser<'a> {
    found: &'a mut bool,
}

impl<'de> Visitor<'de> for Recogniser<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a transcript")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "chat-repl" {
                *self.found = map.next_value::<String>()? == "transcript";
                break;
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::is_transcript;

    #[test]
    fn a_transcript_is_known_by_its_key() {
        for yes in [
            &br#"{"chat-repl":"transcript","version":1,"star"#[..],
            b" {\n  \"x\": {\"y\": [1]},\n  \"chat-repl\" : \"transcript\"",
        ] {
            assert!(is_transcript(yes), "{yes:?}");
        }
        for no in [
            &b""[..],
            b"dear diary",
            b"[]",
            b"{}",
            br#"{"chat-repl":"settings"}"#,
            br#"{"x":{"chat-repl":"transcript"}}"#,
            br#"{"chat-repl":"trans"#,
        ] {
            assert!(!is_transcript(no), "{no:?}");
        }
    }
}
