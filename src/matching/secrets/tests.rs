use proptest::prelude::*;

use super::*;

fn secrets(values: &[(&str, &str)]) -> Secrets {
    let own = values.iter().map(|(name, value)| ((*name).to_owned(), value.to_string().into()));
    Secrets::new(own).unwrap()
}

fn pass() -> Secrets {
    secrets(&[("PASS", "hunter2")])
}

fn hidden(text: &str) -> String {
    pass().hide_str(text).into_owned()
}

#[test]
fn a_value_is_hidden_wherever_it_stands() {
    assert_eq!(hidden("LOGIN bob hunter2"), "LOGIN bob ${PASS}");
    assert_eq!(hidden("hunter2hunter2!hunter"), "${PASS}${PASS}!hunter");
    assert_eq!(hidden("Hunter2 ${PASS}"), "Hunter2 ${PASS}");
    let two = secrets(&[("A", "pass"), ("B", "password")]);
    assert_eq!(two.hide_str("password pass"), "${B} ${A}");
    assert_eq!(Secrets::default().hide(b"hunter2"), &b"hunter2"[..]);
}

#[test]
fn a_value_in_a_base64_token_is_hidden() {
    for (token, written) in [
        ("AGJvYgBodW50ZXIy", "${base64:\\x00bob\\x00${PASS}}"),
        ("aHVudGVyMg==", "${base64:${PASS}}"),
        ("aHVudGVyMg", "${base64-nopad:${PASS}}"),
        ("Ym9iOmh1bnRlcjI=", "${base64:bob:${PASS}}"),
        ("Ym9iOmh1bnRlcjJ9", "${base64:bob:${PASS}\\x7d}"),
        ("_-9odW50ZXIy", "${base64url:\\xff\\xef${PASS}}"),
        ("x/aHVudGVyMg==", "x/${base64:${PASS}}"),
        ("token=aHVudGVyMjE=;", "token=${base64:${PASS}1};"),
    ] {
        assert_eq!(hidden(token), written);
        let (line, names) = pass().take_out(token.as_bytes(), 0).unwrap();
        assert_eq!(names, ["PASS"]);
        assert_eq!(pass().put_back(&line, &names).unwrap().escape_ascii().to_string(), token);
    }
    // The characters, and no token that decodes to it.
    assert_eq!(hidden("odW50ZXI"), "odW50ZXI");
}

#[test]
fn a_line_full_of_what_looks_like_a_value_takes_no_longer_than_it_is_long() {
    // What `hunter2` alone decides where it begins a group, and then another last byte.
    let line = "aHVudGVyMA".repeat(100_000);
    assert_eq!(hidden(&line), line);
}

#[test]
fn what_looks_like_a_placeholder_stays_what_it_is() {
    let secrets = pass();
    for line in [
        "${PASS} hunter2",
        "$hunter2",
        "$$hunter2$${x}$$$",
        "${base64:x} hunter2${",
        "hunter2 ${a ${base64:${PASS}} $",
    ] {
        let (out, names) = secrets.take_out(line.as_bytes(), 0).unwrap();
        let back = secrets.put_back(&out, &names).unwrap();
        assert_eq!(String::from_utf8(back).unwrap(), line);
    }
    assert_eq!(secrets.take_out(b"$${PASS}", 0), None);
    assert_eq!(secrets.put_back(b"$${PASS}", &[]).unwrap(), b"$${PASS}");
    let hand = secrets.put_back(b"${x} ${PASS} ${base64:\\q}", &["PASS".into()]).unwrap();
    assert_eq!(hand, b"${x} hunter2 ${base64:\\q}");
    let missing = secrets.put_back(b"${B}", &["B".into()]).unwrap_err();
    assert_eq!(missing.to_string(), "the secret `B` is not known: give it by `--secret B`");
}

#[test]
fn a_file_may_have_placeholders_in_placeholders() {
    let put_back = |line: &str| {
        let back = pass().put_back(line.as_bytes(), &["PASS".into()]).unwrap();
        String::from_utf8(back).unwrap()
    };
    assert_eq!(put_back("${base64:${base64:${PASS}}}"), "${base64:aHVudGVyMg==}");
    let deep = "${base64:".repeat(200_000);
    assert_eq!(put_back(&deep), deep);
}

#[test]
fn a_value_must_be_fit_for_it() {
    let told = |name: &str, value: &str| {
        let named = [(name.to_owned(), Bytes::copy_from_slice(value.as_bytes()))];
        Secrets::new(named).unwrap_err().to_string()
    };
    assert_eq!(
        told("PIN", "123"),
        "the secret `PIN` has 3 bytes: it takes at least 4 to be told from other text"
    );
    assert!(told("P", "a\nbcd").contains("line end"));
    assert!(told("1st", "abcd").contains("no name"));
    assert!(told("P", &"x".repeat(LONGEST + 1)).contains("16 KiB"));
    assert!(Secrets::new([("P".to_owned(), vec![0xff; LONGEST].into())]).is_ok());
}

#[test]
fn what_is_left_of_a_value_that_was_cut_is_hidden() {
    let secrets = secrets(&[("PW", "hunter2!secret")]);
    for (piece, told) in [
        ("abcdefghhunter2!", "abcdefgh${PW}"),
        ("secretijkl", "${PW}ijkl"),
        ("(before: 2!secret of hunter)", "(before: ${PW} of ${PW})"),
        ("(before: see hunt)", "(before: see ${PW})"),
        ("bob: ecret hun", "bob: ${PW} hun"),
        ("a secret", "a secret"),
        ("hunter2!secret", "${PW}"),
    ] {
        assert_eq!(String::from_utf8(secrets.hide_piece(piece.as_bytes())).unwrap(), told);
    }
}

#[test]
fn its_values_are_not_printed() {
    assert_eq!(format!("{:?}", pass()), r#"["PASS"]"#);
}

#[test]
fn patterns_get_their_variables_back() {
    let secrets = secrets(&[("P", "a.b c{")]);
    assert_eq!(secrets.hide_pattern("^x a\\.b c\\{$"), "^x ${P}$");
    assert_eq!(secrets.hide_pattern("[a\\.b\\x20c\\{]"), "[${P}]");
    assert_eq!(secrets.hide_pattern("a.b c{"), "${P}");
}

#[test]
fn an_end_that_may_begin_a_value_is_known() {
    let tail = |text: &str| pass().tail(text.as_bytes());
    assert_eq!([tail("x hunter"), tail("hunter2"), tail("ok"), tail("o: h")], [6, 0, 0, 1]);
    assert_eq!(tail("AUTH AGJvYgBodW5"), 7, "with the characters that it decides in part");
}

/// Words that are near to secrets.
fn word() -> impl Strategy<Value = Vec<u8>> {
    let fixed: Vec<&[u8]> = vec![
        b"hunter2",
        b"hunter",
        b"hun",
        b"er2",
        b"$",
        b"${",
        b"{",
        b"}",
        b"${PASS}",
        b"pass",
        b"\\",
        b"${base64:",
        b" ",
        b"=",
        b"/",
        b"\xff",
        b"a",
        b"word",
        b"key1",
    ];
    let token = (
        prop::collection::vec(any::<u8>(), 0..5),
        prop::sample::select(vec!["hunter2", "pass", "hun"]),
        prop::collection::vec(any::<u8>(), 0..5),
        0..4_usize,
    );
    let token = token.prop_map(|(before, value, behind, form)| {
        let (_, form) = token::Form::ALL[form];
        form.encode(&[&before, value.as_bytes(), &behind].concat()).into_bytes()
    });
    prop_oneof![2 => prop::sample::select(fixed).prop_map(<[u8]>::to_vec), 1 => token]
}

/// Whether a value stands in the text, as it is or in a token that begins anywhere.
fn is_told(text: &[u8], value: &[u8]) -> bool {
    let stands = |text: &[u8]| memchr::memmem::find(text, value).is_some();
    let [_, _, (_, standard), (_, url)] = token::Form::ALL;
    let inside = |form: token::Form| {
        let runs = text.split(|byte| !token::is_digit(*byte));
        runs.into_iter().any(|run| {
            (0..4.min(run.len())).any(|skip| {
                let run = &run[skip..];
                (0..4.min(run.len())).any(|left| {
                    form.decode(&run[..run.len() - left]).is_some_and(|text| stands(&text))
                })
            })
        })
    };
    stands(text) || inside(standard) || inside(url)
}

proptest! {
    #[test]
    fn nothing_is_told_and_all_of_it_comes_back(words in prop::collection::vec(word(), 0..8)) {
        let secrets = secrets(&[("PASS", "hunter2"), ("B", "pass"), ("C", "key1")]);
        let line = words.concat();
        let (out, names) = secrets.take_out(&line, 0).unwrap_or_else(|| (line.clone(), Vec::new()));
        for value in ["hunter2", "pass", "key1"] {
            prop_assert!(!is_told(&out, value.as_bytes()), "{}", out.escape_ascii());
        }
        prop_assert_eq!(secrets.put_back(&out, &names).unwrap(), line);
    }
}
