//! Transcripts that were good, and what became of them.

use super::random::Random;

/// Good transcripts of both forms.
const GOOD: [&[u8]; 5] = [
    include_bytes!("../cases/transcripts/full.json"),
    include_bytes!("../cases/transcripts/full.jsonl"),
    include_bytes!("../cases/transcripts/minimal.json"),
    include_bytes!("../cases/transcripts/minimal.jsonl"),
    SORTED,
];

/// As `jq -S` has them: events before version.
const SORTED: &[u8] = br#"{
  "chat-repl": "transcript", "eol": "\r\n",
  "events": [
    {"conn": 1, "dt": 0.5, "from": "server", "line": "220 ready"},
    {"conn": 1, "dt": 1e1, "from": "client", "esc": "\\xff\\\\"},
    {"conn": 1, "ev": "want", "line": 1, "want": "^2"}
  ],
  "missing": 3, "role": "client", "started": "2026-10-07T09:15:02+02:00", "version": 1
}"#;

/// What is put somewhere: tokens of JSON, words of the format, and bytes that are trouble elsewhere.
const TOKENS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"\\",
    b"\n",
    b"\r\n",
    b"\r",
    b" ",
    b"\t",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\xe2\x80\xae",
    b"null",
    b"true",
    b"0",
    b"-0",
    b"-1",
    b"1e999",
    b"1e-999",
    b"0.0005",
    b"9007199254740993",
    b"18446744073709551615",
    b"18446744073709551616",
    b"4294967296",
    b"01",
    b"1.",
    b".5",
    b"+1",
    b"1E+2",
    b"0x10",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"\\x",
    b"\\\\xzz",
    b"\"events\":[",
    b"\"events\":null,",
    b"\"version\":1,",
    b"\"chat-repl\":\"transcript\",",
    b"\"eol\":\"\\n\",",
    b"\"role\":\"server\",",
    b"\"missing\":7,",
    b"\"interrupted\":\"x\",",
    b"{\"ev\":\"end\",\"dt\":0,\"events\":1}",
    b"{\"ev\":\"end\",\"dt\":0,\"events\":1}\n",
    b"{\"dt\":1,\"ev\":\"want\",\"conn\":1,\"line\":1,\"want\":\"^x\"}\n",
    b"{\"dt\":1,\"ev\":\"want\",\"conn\":1,\"line\":1,\"want\":\"^y\"},",
    b"{\"dt\":1,\"conn\":1,\"from\":\"server\",\"line\":\"x\"}\n",
    b"\"opt\":true,",
    b"\"secret\":[],",
    b"\"secret\":[\"A\",\"A\"],",
    b"\"x\":[[[[{}]]]],",
    b"\"\":\"\",",
    b"\"dt\":1,",
];

/// A transcript, broken in a few places or none.
pub(super) fn transcript(random: &mut Random) -> Vec<u8> {
    let mut text = random.of(&GOOD).to_vec();
    for _ in 0..random.below(6) {
        change(&mut text, random);
    }
    text
}

fn change(text: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(text.len() + 1);
    let end = (at + 1 + random.below(random_length(text))).min(text.len());
    match random.below(11) {
        0 if at < text.len() => text[at] ^= 1 << random.below(8),
        1 if at < text.len() => text[at] = random.byte(),
        2 => drop(text.drain(at..end)),
        3 => text.truncate(at),
        4 => {
            let again = text[at..end].to_vec();
            text.splice(at..at, again);
        }
        5 => {
            let other = random.of(&GOOD);
            let from = random.below(other.len());
            text.splice(at.., other[from..].iter().copied());
        }
        6 => swap_lines(text, random),
        7 => number(text, random),
        8 => nest(text, at, random),
        _ => drop(text.splice(at..at, random.of(TOKENS).iter().copied())),
    }
}

/// Short more often than not.
fn random_length(text: &[u8]) -> usize {
    (text.len() / 8).max(1)
}

fn swap_lines(text: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    if lines.len() > 1 {
        let (one, other) = (random.below(lines.len()), random.below(lines.len()));
        lines.swap(one, other);
        *text = lines.concat();
    }
}

/// Puts something else where some digits are.
fn number(text: &mut Vec<u8>, random: &mut Random) {
    let starts: Vec<usize> = (0..text.len()).filter(|at| text[*at].is_ascii_digit()).collect();
    if let Some(start) = (!starts.is_empty()).then(|| *random.of(&starts)) {
        let digits = text[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        text.splice(start..start + digits, random.of(TOKENS).iter().copied());
    }
}

/// Opens many brackets, and closes them or not.
fn nest(text: &mut Vec<u8>, at: usize, random: &mut Random) {
    let depth = random.below(2000);
    let (open, close): (&[u8], &[u8]) =
        *random.of(&[(&b"["[..], &b"]"[..]), (b"{\"a\":", b"}"), (b"[{\"x\":", b"}]")]);
    let mut nested = open.repeat(depth);
    if !random.one_in(4) {
        nested.push(b'1');
        nested.extend(close.repeat(depth));
    }
    text.splice(at..at, nested);
}
