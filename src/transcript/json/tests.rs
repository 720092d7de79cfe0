//! Both forms, written and read: by files, by generated transcripts, by broken ones.

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;

use super::{Form, Reader, Stop, parse, write};
use crate::transcript::{Ended, Event, Extra, Header, Marks, Said, Transcript, What};
use crate::units::At;
use crate::wire::{ConnId, Eol, Side};

macro_rules! case {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/transcripts/", $name))
    };
}

const FULL: &[u8] = case!("full.json");
const FULL_LINES: &[u8] = case!("full.jsonl");

#[test]
fn golden_files_are_written_as_they_were_read() {
    let minimal = [&case!("minimal.json")[..], case!("minimal.jsonl")];
    for [document, lines] in [minimal, [FULL, FULL_LINES]] {
        let read = parse(document).unwrap();
        assert_eq!(read, parse(lines).unwrap());
        for (form, wanted) in [(Form::Document, document), (Form::Lines, lines)] {
            let written = String::from_utf8(write(&read, form)).unwrap();
            assert_eq!(written, String::from_utf8_lossy(wanted));
        }
    }
}

#[test]
fn what_was_said_is_what_is_read() {
    let read = parse(FULL).unwrap();
    assert_eq!((read.events.len(), read.missing, &read.ended), (14, 7, &Ended::Whole));
    assert_eq!(read.events[13].at, At::from_micros(1_313_873));
    let said = |index: usize| match &read.events[index].what {
        What::Line(said) => said,
        other => panic!("{other:?} is no line"),
    };
    assert_eq!((&*said(5).text, said(5).eol), (&b"caf\xe9 \\"[..], Eol::CrLf));
    assert_eq!(&*said(6).text, "你好 \0\x1b[2J\x7f\u{9b}\\ \"q\"".as_bytes());
    assert_eq!(read.events[9].conn, None);
    assert_eq!(read.header.mask, ["s/\\d+/N/"]);
}

#[test]
fn reformatted_and_reordered_documents_read_the_same() {
    let value: serde_json::Value = serde_json::from_slice(FULL).unwrap();
    let read = parse(FULL).unwrap();
    let pretty = serde_json::to_vec_pretty(&value).unwrap();
    let one_line = serde_json::to_vec(&value).unwrap();
    let with_mark = [b"\xef\xbb\xbf", FULL].concat();
    let cr_lf = String::from_utf8_lossy(FULL).replace('\n', "\r\n").into_bytes();
    let mut sorted = value.clone();
    sorted.sort_all_objects(); // `jq -S`: "events" before "version"
    let sorted = serde_json::to_vec(&sorted).unwrap();
    for other in [pretty, one_line, with_mark, cr_lf] {
        let again = parse(&other).unwrap();
        assert_eq!(without_extra(again), without_extra(read.clone()));
    }
    assert_eq!(without_extra(parse(&sorted).unwrap()), without_extra(read));
}

#[test]
fn the_keys_of_a_document_may_follow_its_events() {
    let text = std::str::from_utf8(FULL).unwrap();
    let read = parse(FULL).unwrap();
    let (head, events) = text.split_once(r#""events":["#).unwrap();
    let events = events.strip_suffix("]}\n").unwrap();
    let keys = head.trim_start_matches('{').trim_end_matches(',').trim_end();
    let (needed, others) = keys.split_at(keys.find(r#","role""#).unwrap());
    let eol = r#""eol":"\n""#;
    let others = others.replace(&format!(",{eol}"), "");
    let held = format!("{{\"events\":[{events}],{keys}}}");
    let streamed = format!("{{{needed},{eol},\"events\":[{events}] {others}}}");
    for document in [held, streamed] {
        assert_eq!(parse(document.as_bytes()), Ok(read.clone()), "{document}");
    }
}

#[test]
fn events_are_one_list_and_all_of_a_document() {
    let header =
        r#""chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","eol":"\n""#;
    let note = r#"{"ev":"note","text":"x"}"#;
    for (text, events) in [
        (format!("{{{header},\"events\":null}}\n{note}"), 1),
        (format!("{{{header},\"\\u0065vents\":[{note}]}}"), 1),
        (format!("{{{header},\"events\": [ {note} , {note} ] }} \n"), 2),
        (format!("{{{header},\"events\":[]}}"), 0),
    ] {
        assert_eq!(parse(text.as_bytes()).map(|read| read.events.len()), Ok(events), "{text}");
    }
    for (text, what) in [
        (format!("{{{header},\"events\":5}}"), "`events` is no list"),
        (format!("{{{header},\"events\":[],\"events\":[]}}"), "`events` stands here twice"),
        (format!("{{{header},\"events\":[],\"events\":{{}}}}"), "`events` stands here twice"),
        (format!("{{\"events\":[],{header},\"events\":[]}}"), "`events` stands here twice"),
        (format!("{{{header},\"events\":[],\"eol\":\"\"}}"), "`eol` stands here twice"),
        (format!("{{{header},\"events\":[],\"role\":7}}"), "`role` is `7`"),
        (format!("{{{header},\"events\":[{note},]}}"), "`]`, expected value"),
        (format!("{{{header},\"events\":[,{note}]}}"), "`,`, expected value"),
        (format!("{{{header},\"events\":[{note} {note}]}}"), "`{`, expected `,` or `]`"),
        (format!("{{{header},\"events\":[{note}]"), "the text ends within an object"),
        (format!("{{{header},\"events\":[{note}"), "the text ends, expected another event"),
        (format!("{{{header},\"events\":[{note}]]"), "`]`, expected `,` or `}`"),
        (format!("{{{header},\"events\":[{note}]}}}}"), "text after the end"),
    ] {
        let fault = parse(text.as_bytes()).unwrap_err();
        assert!(fault.what.starts_with(what), "{text}\n{fault}");
    }
}

#[test]
fn an_event_over_the_bound_is_refused_where_it_begins() {
    let note = format!("{{\"ev\":\"note\",\"text\":\"{}\"}}\n", "x".repeat(600));
    let header = memchr::memchr(b'\n', FULL_LINES).unwrap();
    let lines = [&FULL_LINES[..=header], note.as_bytes(), b"{}\n"].concat();
    let list = FULL.iter().position(|byte| *byte == b'\n').unwrap();
    let document = [&FULL[..=list], note.as_bytes(), b"]}"].concat();
    for text in [lines, document] {
        let input = std::io::BufReader::with_capacity(64, &*text);
        let fault = match Reader::bounded(input, 500).and_then(Reader::rest) {
            Err(Stop::Fault(fault)) => fault,
            other => panic!("{other:?}"),
        };
        assert_eq!((fault.line, fault.column), (2, 1), "{fault}");
        assert!(fault.what.starts_with("more than "), "{fault}");
    }
}

/// `serde_json` rewrites numbers (`1.50`) and sorts keys; this program keeps both.
fn without_extra(mut transcript: Transcript) -> Transcript {
    transcript.header.extra.clear();
    transcript.events.iter_mut().for_each(|event| event.extra.clear());
    transcript
}

#[test]
fn a_fault_has_its_place_and_says_what_was_expected() {
    let text = std::str::from_utf8(FULL).unwrap();
    for (from, to, at, what) in [
        (r#""version":1"#, r#""version":2"#, "2,", "version `2`, expected 1"),
        (r#""started":"#, r#""begun":"#, "{\"chat", "no `started`"),
        ("2026-10-07T09", "yesterday", "\"yesterday", "`started` is `\"yesterday"),
        (r#""role":"client""#, r#""role":5"#, "5,\"eol", "`role` is `5`, expected `client`"),
        ("3.102", "-3", "-3", "`dt` is `-3`, expected milliseconds"),
        ("3.102", "1e400", "1e400", "`dt` is `1e400`"),
        ("3.102", "NaN", "NaN", "expected value"),
        (r#""HELLO chatd 09:15:02""#, "7", "7}", "invalid type: integer `7`"),
        (r#"402,"conn":1"#, r#"402,"conn":0"#, "0,\"from", "`conn` is `0`, expected"),
        (r#""opt":true"#, r#""opt":"yes""#, "\"yes\"", "expected a boolean"),
        (r"caf\\xe9", r"caf\\q", "\"caf", r"`esc` has `\q "),
        (r#""from":"client","line":"""#, r#""line":"""#, "{\"dt\":0,\"line", "no `from`"),
        (r#""how":"eof""#, r#""dt":1"#, "1}", "`dt` stands here twice"),
        (r#""eol":"\r\n""#, r#""eol":"\r""#, r#""\r""#, r#"`eol` is `"\r"`"#),
    ] {
        assert!(text.contains(from), "{from}");
        let broken = text.replacen(from, to, 1);
        let fault = parse(broken.as_bytes()).unwrap_err();
        let line = broken.lines().nth(usize::try_from(fault.line).unwrap() - 1).unwrap();
        let rest: String = line.chars().skip(usize::try_from(fault.column).unwrap() - 1).collect();
        assert!(rest.starts_with(at), "{fault}, and there stands {rest}");
        assert!(fault.what.contains(what), "{fault}");
    }
}

#[test]
fn what_is_no_transcript_is_said_to_be_none() {
    for text in ["", " \n", "dear diary", "[]", "{}", r#"{"version":1}"#, r#"{"chat-repl":"x"}"#] {
        let fault = parse(text.as_bytes()).unwrap_err();
        assert!(fault.what.starts_with("no transcript"), "{text}: {fault}");
    }
}

#[test]
fn depth_is_kept_or_refused_and_never_a_panic() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    let lists = deep("[", "]");
    let text = std::str::from_utf8(FULL).unwrap();
    let kept = parse(text.replace("{\"version\":\"1.3\"}", &lists).as_bytes()).unwrap();
    assert_eq!(kept.events[7].extra[0].json, lists);
    for (from, to) in
        [("\"HELLO chatd 09:15:02\"", &*lists), ("3.102", &lists), ("[\"PASS\"]", &lists)]
    {
        assert!(parse(text.replace(from, to).as_bytes()).is_err());
    }
    assert!(parse(lists.as_bytes()).is_err());
    assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    assert!(parse("{\"a\":".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn json_lines_cut_anywhere_keep_what_is_whole() {
    let whole = parse(FULL_LINES).unwrap();
    let header = memchr::memchr(b'\n', FULL_LINES).unwrap();
    for end in 0..FULL_LINES.len() - 1 {
        let cut = &FULL_LINES[..end];
        if end < header {
            assert!(parse(cut).is_err(), "{end}");
            continue;
        }
        let read = parse(cut).unwrap();
        let mut lines = memchr::memchr_iter(b'\n', cut).count();
        lines += usize::from(cut.ends_with(b"}") && FULL_LINES[end] == b'\n'); // only `\n` is cut
        let wanted = lines.saturating_sub(1).min(14);
        assert_eq!(read.events, whole.events[..wanted], "{end}");
        assert!(matches!(read.ended, Ended::Interrupted(_)), "{end}");
    }
}

#[test]
fn json_lines_torn_before_the_end_are_refused() {
    let text = String::from_utf8_lossy(FULL_LINES);
    let fault = parse(text.replacen("{\"dt\":402,", "{\"dt\":40", 1).as_bytes()).unwrap_err();
    assert_eq!(fault.line, 6);
    let fault = parse(text.replacen("eof\"}\n", "eof\"},\n", 1).as_bytes()).unwrap_err();
    assert_eq!(fault.line, 14, "a comma belongs to the other form");
    let fault = parse([FULL_LINES, b"{\"ev\":\"note\",\"text\":\"more\"}\n"].concat().as_slice());
    assert_eq!(fault.map_err(|fault| fault.line), Err(17));
}

#[test]
fn a_document_cut_anywhere_is_refused_with_its_place() {
    for end in 0..FULL.len() - 1 {
        let cut = &FULL[..end];
        let Err(fault) = parse(cut) else { panic!("cut at {end}, and read") };
        let lines = memchr::memchr_iter(b'\n', cut).count() as u64 + 1;
        assert!(fault.line <= lines && fault.column > 0, "{end}: {fault}");
    }
}

#[test]
fn a_pattern_that_came_late_finds_its_line() {
    let lines = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","role":"client"}
{"dt":1,"conn":1,"from":"server","line":"one"}
{"dt":1,"conn":2,"from":"server","line":"another"}
{"dt":1,"conn":1,"from":"client","line":"ours"}
{"dt":1,"conn":1,"from":"server","line":"partial","eol":""}
{"dt":1,"conn":1,"from":"server","line":"two"}
{"dt":1,"ev":"want","conn":1,"line":2,"want":"^t"}
{"dt":1,"ev":"want","conn":1,"line":9,"want":"^never"}
{"dt":1,"conn":1,"from":"server","line":"three"}
"#;
    let read = parse(lines.as_bytes()).unwrap();
    let wants = read.events.iter().map(|event| match &event.what {
        What::Line(said) => said.marks.want.as_deref(),
        What::Unknown { ev } => Some(ev.as_str()),
        other => panic!("{other:?}"),
    });
    let wants: Vec<_> = wants.collect();
    assert_eq!(wants, [None, None, None, None, Some("^t"), Some("want"), None]);
    assert_eq!(read.events[6].at, At::from_micros(8000));
}

fn eol() -> impl Strategy<Value = Eol> {
    prop::sample::select(&[Eol::Lf, Eol::CrLf, Eol::None][..])
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(&[Side::Client, Side::Server][..])
}

fn extra() -> impl Strategy<Value = Vec<Extra>> {
    let json = prop::sample::select(&["1", "null", r#""a\u0000b""#, r#"{"a":[1,{}]}"#][..]);
    let one =
        ("x-[a-z\"\\\\]{0,3}", json).prop_map(|(key, json)| Extra { key, json: json.to_owned() });
    prop::collection::vec(one, 0..2)
}

fn marks() -> impl Strategy<Value = Marks> {
    let text = || prop::option::of(any::<String>());
    let secret = prop::collection::vec(any::<String>(), 0..2);
    (text(), text(), any::<bool>(), text(), secret)
        .prop_map(|(want, send, opt, group, secret)| Marks { want, send, opt, group, secret })
}

fn what() -> impl Strategy<Value = What> {
    let bytes = prop_oneof![any::<Vec<u8>>(), any::<String>().prop_map(String::into_bytes),];
    let said = (side(), bytes, eol(), marks()).prop_map(|(from, text, eol, marks)| {
        What::Line(Said { from, text: Bytes::from(text), eol, marks })
    });
    prop_oneof![
        4 => said,
        1 => (any::<String>(), prop::option::of(any::<String>()), prop::option::of(side()))
            .prop_map(|(addr, name, role)| What::Open { addr, name, role }),
        1 => (side(), any::<String>()).prop_map(|(from, how)| What::Close { from, how }),
        1 => any::<String>().prop_map(|text| What::Note { text }),
        1 => "x[a-z]{0,4}".prop_map(|ev| What::Unknown { ev }),
    ]
}

prop_compose! {
    fn event()(
        dt in prop_oneof![0..5_000_u64, 0..1_u64 << 50],
        conn in 0..4_u32,
        what in what(),
        extra in extra(),
    ) -> Event {
        Event { at: At::from_micros(dt), conn: ConnId::new(conn), what, extra }
    }
}

prop_compose! {
    fn transcript()(
        nanos in -1_000_000_000_000_000_000_i128..4_000_000_000_000_000_000,
        role in prop::option::of(side()),
        eol in eol(),
        encoding in prop::sample::select(&["utf-8", "gbk", "shift_jis", "iso-8859-15"][..]),
        mask in prop::collection::vec(any::<String>(), 0..3),
        extra in extra(),
        mut events in prop::collection::vec(event(), 0..12),
        missing in prop_oneof![Just(0), any::<u64>()],
        why in prop::option::of(any::<String>()),
    ) -> Transcript {
        let started = Timestamp::from_nanosecond(nanos).unwrap();
        let mut now = 0;
        for event in &mut events {
            now += event.at.micros();
            event.at = At::from_micros(now);
        }
        let ended = why.map_or(Ended::Whole, Ended::Interrupted);
        let encoding = encoding.parse().unwrap();
        let header = Header { started, role, eol, encoding, mask, extra };
        Transcript { header, events, missing, ended }
    }
}

proptest! {
    #[test]
    fn every_transcript_survives_both_forms(transcript in transcript()) {
        for form in [Form::Document, Form::Lines] {
            let written = write(&transcript, form);
            prop_assert_eq!(parse(&written), Ok(transcript.clone()));
            let lines = transcript.events.len() + 2;
            prop_assert_eq!(written.split(|byte| *byte == b'\n').count() <= lines + 1, true);
        }
    }

    #[test]
    fn nothing_that_is_read_makes_a_panic(
        form in prop::sample::select(&[FULL, FULL_LINES][..]),
        at in any::<prop::sample::Index>(),
        put in prop::collection::vec(prop::sample::select(&b"{}[]\",:0-\\e\n\xff\0nt"[..]), 0..4),
        cut in 0..4_usize,
    ) {
        let at = at.index(form.len());
        let rest = &form[(at + cut).min(form.len())..];
        if let Ok(read) = parse(&[&form[..at], &put, rest].concat()) {
            prop_assert_eq!(parse(&write(&read, Form::Document)), Ok(read));
        }
    }

    #[test]
    fn times_never_drift(gaps in prop::collection::vec(0..3_000_000_u64, 1..200)) {
        let mut now = 0;
        let events = gaps.iter().map(|gap| {
            now += gap;
            let what = What::Note { text: String::new() };
            Event { at: At::from_micros(now), conn: None, what, extra: Vec::new() }
        });
        let header = Header::new(Timestamp::UNIX_EPOCH, None, Eol::Lf);
        let transcript = Transcript { header, events: events.collect(), missing: 0, ended: Ended::Whole };
        let read = parse(&write(&transcript, Form::Lines)).unwrap();
        prop_assert_eq!(read.events.last().unwrap().at, At::from_micros(now));
    }
}
