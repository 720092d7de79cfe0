//! Servers that look up each line on its own.

use super::*;

fn unordered(transcript: &Transcript) -> (Mock, End) {
    let mock = mock(transcript, mocking(Order::Any));
    let end = serving(&mock, 0);
    (mock, end)
}

#[test]
fn each_line_has_its_own_answer_as_often_as_it_comes() {
    let talk = story(&[
        "< hi\n", "> a\n", "< A\n", "> b\n", "< B\n", "< more\n", "> c\n", "> d\n", "< D\n",
    ]);
    let (mock, mut end) = unordered(&talk);
    for (says, answer) in
        [("d\n", "D\n"), ("b\n", "B\nmore\n"), ("b\n", "B\nmore\n"), ("c\n", ""), ("a\n", "A\n")]
    {
        let before = end.sent(1);
        end.hears(1, says.as_bytes());
        assert_eq!(end.sent(1), format!("{before}{answer}"));
    }
    assert_eq!(mock.unplayed(1), None);
    end.ends(1, Closed::Eof);
    assert_eq!((played(&end), end.left(), &*end.failures), (Some(5), Some(Leave::Done), &[][..]));
}

#[test]
fn what_follows_is_found_before_what_is_the_same_elsewhere() {
    let mail = ["> data\n", "< go\n", "> hello\n", "> .\n", "< queued 1\n", "> quit\n", "< bye\n"];
    let other = ["> data\n", "< go on\n", "> hello\n", "> world\n", "> .\n", "< queued 2\n"];
    let (mock, mut end) = unordered(&story(&[&mail[..], &other[..]].concat()));
    end.hears(1, b"data\nhello\n.\n");
    assert_eq!(end.sent(1), "go\nqueued 1\n");
    end.hears(1, b"data\nhello\nworld\n.\n");
    assert_eq!(end.sent(1), "go\nqueued 1\ngo on\nqueued 2\n");
    end.hears(1, b"data\nhello\n.\n");
    assert!(end.sent(1).ends_with("go\nqueued 1\n"), "from the first again");
    let told = mock.unplayed(1).unwrap().report.to_string();
    assert!(told.starts_with("error: 1 line of talk.json never came\n"), "{told}");
    assert!(told.contains("6 client: quit"), "{told}");
}

#[test]
fn what_came_before_tells_lines_apart_that_are_the_same() {
    let talk = story(&[
        "> set\n",
        "> a\n",
        "> 1\n",
        "< ok\n",
        "> get\n",
        "> a\n",
        "< is 1\n",
        "> get\n",
        "> b\n",
        "< is 2\n",
        "> del\n",
        "> b\n",
        "< gone\n",
        "> ping\n",
        "< pong 1\n",
        "> ping\n",
        "< pong 2\n",
    ]);
    let (mock, mut end) = unordered(&talk);
    for (says, answer) in [
        ("del\nb\n", "gone\n"),
        ("get\nb\n", "is 2\n"),
        ("get\na\n", "is 1\n"),
        ("del\nb\n", "gone\n"),
        ("set\na\n1\n", "ok\n"),
        ("ping\n", "pong 1\n"),
        ("ping\n", "pong 2\n"),
        ("ping\n", "pong 1\n"),
    ] {
        let before = end.sent(1);
        end.hears(1, says.as_bytes());
        assert_eq!(end.sent(1), format!("{before}{answer}"), "to {says:?}");
    }
    assert_eq!((mock.unplayed(1), &*end.failures), (None, &[][..]));
}

#[test]
fn an_unknown_line_is_told_with_the_nearest() {
    let (_, mut end) = unordered(&story(&["> get a\n", "< 1\n", "> quit\n", "< bye\n"]));
    end.hears(1, b"quit\nget b\n");
    assert_eq!(end.failed(), "error: no line of talk.json is this one");
    let report = &end.failures[0].0;
    for told in ["nearest is event 1\n", "recorded: get a\n", "came:     get b\n"] {
        assert!(report.contains(told), "{report}");
    }
    let (_, mut end) = unordered(&story(&["> get a\n", "< 1\n"]));
    end.hears(1, b"get a\r\n");
    assert_eq!(end.failed(), "error: no line of talk.json is this one but for its line end");
}

#[test]
fn the_lines_of_all_conns_count_and_partial_ones_after_a_while() {
    let line = |n, from, text: &str, eol| (Some(conn(n)), line(from, text.as_bytes(), eol));
    let both = transcript(vec![
        line(1, Side::Client, "one", Eol::Lf),
        line(1, Side::Server, "1", Eol::Lf),
        line(2, Side::Client, "part", Eol::None),
        line(2, Side::Server, "2", Eol::Lf),
    ]);
    let (_, mut end) = unordered(&both);
    end.hears(1, b"part");
    assert_eq!(end.sent(1), "");
    end.until(100);
    assert_eq!(end.sent(1), "2\n");
    end.hears(1, b"one\n");
    assert_eq!(end.sent(1), "2\n1\n");
    end.until(5099);
    assert_eq!(end.left(), None);
    end.until(5100);
    assert_eq!((end.left(), &*end.failures), (Some(Leave::Done), &[][..]));
}

#[test]
fn it_closes_behind_the_line_that_it_closed_behind() {
    let talk = then(story(&["> a\n", "< A\n", "> quit\n", "< bye\n"]), &[(Side::Server, "eof")]);
    let (_, mut end) = unordered(&talk);
    end.hears(1, b"quit\n");
    assert!(end.is_shut(1) && end.left().is_none());
    end.hears(1, b"a\n");
    assert_eq!((end.sent(1).as_str(), &*end.failures), ("bye\n", &[][..]));
    end.ends(1, Closed::Eof);
    assert_eq!(end.left(), Some(Leave::Done));
}
