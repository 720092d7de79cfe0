use proptest::prelude::*;

use super::*;
use crate::session::{Ending, Secured};
use crate::transcript::{Event, Said, What, cut, testing};

fn secrets() -> Secrets {
    let named = [("PASS", "hunter2"), ("KEY", "sesame")];
    let named = named.map(|(name, value)| (name.to_owned(), Bytes::from_static(value.as_bytes())));
    Secrets::new(named).unwrap()
}

fn said(from: Side, bytes: &[u8]) -> Record {
    testing::said(from, bytes.to_vec())
}

fn closed(from: Side) -> Record {
    let what = Recorded::Close { from, how: Ending::Eof };
    Record { at: At::START, conn: Some(ConnId::FIRST), what }
}

/// What is recorded of these records, and then of what was held back.
fn redacted(records: impl IntoIterator<Item = Record>) -> Vec<Event> {
    let mut redactor = Redactor::new(secrets());
    let mut out: Vec<Record> =
        records.into_iter().flat_map(|record| redactor.redact(record)).collect();
    out.extend(redactor.release(At::START, None));
    assert!(redactor.ends.is_empty());
    out.iter().flat_map(|record| cut(record).collect::<Vec<_>>()).collect()
}

/// The texts of lines, with their line ends and the names of their secrets.
fn lines(events: &[Event]) -> Vec<String> {
    let line = |event: &Event| match &event.what {
        What::Line(Said { text, eol, marks, .. }) => {
            let text = [text, eol.as_str().as_bytes()].concat();
            format!("{} {:?}", text.escape_ascii(), marks.secret)
        }
        What::Close { from, .. } => format!("{} closes", from.as_str()),
        What::Note { text } => text.clone(),
        other => panic!("{other:?}"),
    };
    events.iter().map(line).collect()
}

#[test]
fn each_line_names_its_own_secrets() {
    let block = b"hello\r\nLOGIN bob hunter2\r\n${PASS}\nsesame hunter2 ${x}\nbye";
    let wanted = [
        "hello\\r\\n []",
        "LOGIN bob ${PASS}\\r\\n [\"PASS\"]",
        "${PASS}\\n []",
        "${KEY} ${PASS} $${x}\\n [\"KEY\", \"PASS\"]",
        "bye []",
    ];
    assert_eq!(lines(&redacted([said(Side::Client, block)])), wanted);
}

#[test]
fn where_a_conn_leads_and_what_it_is_called_hold_no_secret() {
    let opened = Recorded::Open {
        addr: "unix:/run/hunter2.sock".to_owned(),
        name: Some("sesame".to_owned()),
        own: Side::Client,
        secured: Some(Box::new(Secured {
            version: "1.3",
            cipher: String::new(),
            pin: None,
            subject: Some("CN=hunter2".to_owned()),
            verified: true,
        })),
    };
    let record = Record { at: At::START, conn: Some(ConnId::FIRST), what: opened };
    let events = redacted([record]);
    let What::Open { addr, name, .. } = &events[0].what else { panic!("{events:?}") };
    assert_eq!((&**addr, name.as_deref()), ("unix:/run/${PASS}.sock", Some("${KEY}")));
    assert!(events[0].extra[0].json.contains(r#""subject":"CN=${PASS}""#), "{events:?}");
}

#[test]
fn a_secret_that_comes_in_pieces_is_held_back() {
    let pieces = [&b"key: hun"[..], b"ter", b"2 or ses", b"ban\nse"];
    let events = redacted(pieces.map(|piece| said(Side::Server, piece)));
    let wanted = ["key:  []", "${PASS} or  [\"PASS\"]", "sesban\\n []", "se []"];
    assert_eq!(lines(&events), wanted);
}

#[test]
fn what_is_held_back_comes_before_the_end_of_its_side() {
    let records = [
        said(Side::Server, b"hun"),
        said(Side::Client, b"ses"),
        closed(Side::Server),
        closed(Side::Client),
    ];
    let wanted = ["hun []", "server closes", "ses []", "client closes"];
    assert_eq!(lines(&redacted(records)), wanted);
}

#[test]
fn notes_and_templates_have_no_secrets_either() {
    let mut redactor = Redactor::new(secrets());
    let note = Record {
        what: Recorded::Note { text: "it was hunter2".to_owned() },
        ..closed(Side::Client)
    };
    let mut sent = said(Side::Client, b"x\n");
    if let Recorded::Said { send, .. } = &mut sent.what {
        *send = Some("hunter2 ${sid}".to_owned());
    }
    let note = redactor.redact(note);
    assert_eq!(lines(&cut(&note[0]).collect::<Vec<_>>()), ["it was ${PASS}"]);
    let sent = redactor.redact(sent);
    assert!(
        matches!(&sent[0].what, Recorded::Said { send, .. } if send.as_deref() == Some("${PASS} ${sid}"))
    );
}

#[test]
fn without_secrets_nothing_is_held_back() {
    let mut redactor = Redactor::default();
    let record = said(Side::Server, b"hun");
    assert_eq!(redactor.redact(record.clone()), [record]);
    assert_eq!(redactor.release(At::START, None), []);
}

proptest! {
    /// However what was said was cut, no secret stands in what is recorded, and all of it comes back.
    #[test]
    fn no_cut_gives_a_secret_away(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "hunter2", "hunt", "sesame", "se", "\n", "\r\n", " ", "x", "$", "${", "${PASS}",
                "AGJvYgBodW50ZXIy", "aHVudGVyMg==", "Ym9iOmh1bnRlcjI=", "c2VzYW1l",
            ]),
            1..10,
        ),
        cuts in prop::collection::vec(1_usize..7, 1..20),
        plain in any::<bool>(),
    ) {
        let words = words.into_iter().filter(|word| !plain || word.len() < 8);
        let all: String = words.collect();
        let (mut rest, mut pieces) = (all.as_bytes(), Vec::new());
        for len in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at(len.min(rest.len()));
            pieces.push(said(Side::Server, piece));
            rest = more;
        }
        let events = redacted(pieces);
        let (mut told, mut back) = (Vec::new(), Vec::new());
        for event in &events {
            let What::Line(Said { text, eol, marks, .. }) = &event.what else { continue };
            let whole = secrets().put_back(text, &marks.secret).unwrap();
            for (to, text) in [(&mut told, &text[..]), (&mut back, &whole)] {
                to.extend_from_slice(text);
                to.extend_from_slice(eol.as_str().as_bytes());
            }
        }
        prop_assert_eq!(secrets().hide(&told), &told[..], "{}", told.escape_ascii());
        if plain {
            prop_assert_eq!(String::from_utf8(back).unwrap(), all);
        }
    }
}
