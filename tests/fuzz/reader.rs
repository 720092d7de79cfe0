//! The reader of transcripts.

use std::io::BufReader;

use chat_repl::transcript::export::{self, Showing};
use chat_repl::transcript::json::{Form, Reader, Stop, parse, write};

use super::mutate;
use super::random::Random;

#[test]
fn a_broken_transcript_is_read_or_refused() {
    super::run("reader", mutate::transcript, check);
}

fn check(text: &[u8], random: &mut Random) {
    let read = parse(text);
    let capacity = 1 + random.below(64);
    let in_bits = Reader::new(BufReader::with_capacity(capacity, text)).and_then(Reader::rest);
    let in_bits = in_bits.map_err(|stop| match stop {
        Stop::Fault(fault) => fault,
        Stop::Io(error) => panic!("{error}"),
    });
    assert_eq!(in_bits, read, "in reads of {capacity}");
    let transcript = match read {
        Ok(transcript) => transcript,
        Err(fault) => {
            let lines = text.split(|byte| *byte == b'\n').count() as u64;
            assert!((1..=lines).contains(&fault.line) && fault.column > 0, "{fault}");
            assert!(
                !fault.what.is_empty() && fault.what.chars().all(|c| !c.is_control()),
                "{fault}"
            );
            return;
        }
    };
    for form in [Form::Document, Form::Lines] {
        let written = write(&transcript, form);
        let again = parse(&written);
        assert_eq!(again.as_ref(), Ok(&transcript), "{}", String::from_utf8_lossy(&written));
        assert!(write(&transcript, form) == written, "written twice, it differs");
    }
    for form in export::Form::ALL {
        let mut shown = Vec::new();
        let reader = Reader::new(text).expect("it was read before");
        let (marks, ahead, width) = (random.one_in(2), random.below(9), 1 + random.below(100));
        let showing = Showing { form, marks, ahead, width, ..Showing::default() };
        export::show(reader, &showing, &mut shown).expect("memory takes all");
        let shown = String::from_utf8(shown).expect("what is shown is text");
        assert!(shown.lines().flat_map(str::chars).all(|c| !c.is_control()), "{shown:?}");
    }
}
