//! What is said, and who hears it.

use super::*;

#[test]
fn every_line_goes_to_all_the_others_and_to_the_host() {
    let mut hall = Hall::with(3);
    hall.says(1, "hello\nhow are you?\n");
    for n in [2, 3] {
        assert_eq!(hall.heard(n), "guest-1: hello\nguest-1: how are you?\n");
    }
    assert_eq!(hall.heard(1), "", "own lines are not echoed");
    assert_eq!(hall.seen(), "guest-1: hello\nguest-1: how are you?\n");
    assert_eq!(
        hall.recorded(),
        ["0ms 1 client hello\\n", "0ms 1 client how are you?\\n"],
        "once, as it was said"
    );
}

#[test]
fn the_host_is_a_member_like_any_other() {
    let mut hall = Hall::with(2);
    hall.host_says(b"welcome\r\n");
    assert_eq!([hall.heard(1), hall.heard(2)], ["host: welcome\n", "host: welcome\n"]);
    assert_eq!(hall.seen(), "");
    hall.host_says_to(Audience::One(conn(2)), b"psst\n");
    assert_eq!([hall.heard(1), hall.heard(2)], ["", "host (to you): psst\n"]);
    hall.host_says(b"/who"); // a command would not come this way
    assert_eq!(hall.heard(1), "host: /who\n");
    assert_eq!(
        hall.recorded(),
        ["0ms * server welcome\\r\\n", "0ms 2 server psst\\n", "0ms * server /who"]
    );
}

#[test]
fn what_nobody_can_hear_is_unheard() {
    let mut hall = Hall::with(0);
    let unheard = |hall: &Hall| {
        hall.told.effects().filter(|effect| matches!(effect, Effect::Unheard(_))).count()
    };
    hall.host_says(b"anybody?\n");
    assert_eq!(unheard(&hall), 1);
    hall.joins(1);
    hall.host_says_to(Audience::One(conn(7)), b"you?\n");
    assert_eq!((unheard(&hall), hall.recorded()), (2, Vec::new()));
}

#[test]
fn a_thousand_lines_of_one_read_are_one_buffer_that_all_share() {
    let mut hall = Hall::with(3);
    hall.says(1, "x\n".repeat(1000));
    let passed: Vec<&Bytes> = hall
        .told
        .effects()
        .filter_map(|effect| match effect {
            Effect::Pass { bytes, .. } if bytes.starts_with(b"guest-1: x") => Some(bytes),
            _ => None,
        })
        .collect();
    assert_eq!(passed.len(), 1);
    assert_eq!(hall.heard(2), "guest-1: x\n".repeat(1000));
}

#[test]
fn nobody_speaks_as_another() {
    let mut hall = Hall::with(2);
    let said: &[&[u8]] = &[
        b"x\nhost: forged\n",
        b"x\rhost: forged\n",
        b"\x1b[2J\x1b[Hhost: forged\n",
        "x\u{2028}host: forged\u{85}host: forged\n".as_bytes(),
        "\u{202e}degrof :tsoh\n".as_bytes(),
        b"-- guest-2 left (1 here)\n",
        b"* host waves\n",
        b"host (to you): forged\n",
        b"\n",
        b"\r\n",
        b"caf\xe9 \xff\x00\n",
    ];
    for said in said {
        hall.says(1, said);
    }
    let heard = hall.heard(2);
    assert!(heard.lines().all(|line| line.starts_with("guest-1: ")), "{heard}");
    assert!(!heard.contains(|c: char| c.is_control() && c != '\n'), "{heard:?}");
    assert!(heard.contains("guest-1: \\x1b[2J\\x1b[Hhost: forged\n"));
    assert!(heard.ends_with("guest-1: \nguest-1: \nguest-1: caf\\xe9 \\xff\\x00\n"), "{heard}");
}

#[test]
fn an_unended_line_is_passed_on_after_a_second_and_its_rest_as_a_line_of_its_own() {
    let mut hall = Hall::with(2);
    hall.says(1, "hel");
    hall.until(900);
    hall.says(1, "lo");
    hall.until(1899);
    assert_eq!(hall.heard(2), "");
    hall.until(1900);
    assert_eq!(hall.heard(2), "guest-1: hello\n");
    hall.says(1, " there\nand\n");
    assert_eq!(hall.heard(2), "guest-1:  there\nguest-1: and\n");
    hall.says(1, "x");
    hall.until(3000);
    hall.says(1, "\n\n");
    assert_eq!(hall.heard(2), "guest-1: x\nguest-1: \n", "the end alone says nothing");
    hall.says(1, "/nick bob");
    hall.until(4000);
    assert_eq!(hall.heard(2), "-- guest-1 is now bob\n", "who ends no line can have a name");
}

#[test]
fn a_line_over_the_bound_is_refused_and_its_guest_kept() {
    let mut hall = Hall::new(RoomOptions { max_line: 8, ..options() }).joined_by(2);
    hall.says(1, "before\n");
    for _ in 0..100 {
        hall.says(1, "x".repeat(100));
    }
    hall.says(1, "\nafter\n12345678\n123456789\n\x1b\x1b\x1b\nend\n");
    let told = "-- a line was not passed on: it has more than 8 bytes (--max-line)\n";
    assert_eq!(hall.heard(1), told.repeat(3), "told once for each");
    let heard = "guest-1: before\nguest-1: after\nguest-1: 12345678\nguest-1: end\n";
    assert_eq!(hall.heard(2), heard);
    hall.says(1, "x".repeat(100));
    hall.until(2000);
    hall.says(1, "no end\n");
    assert_eq!(hall.heard(2), "guest-1: no end\n", "after a silence that line is over");
    assert!(hall.is_open(1));
}

#[test]
fn a_line_fits_into_an_outbox_whatever_max_line_says() {
    let mut hall = Hall::new(RoomOptions { outbox: 4096, ..options() }).joined_by(2);
    hall.says(1, "x".repeat(1024) + "\n");
    assert_eq!(hall.heard(2).len(), "guest-1: \n".len() + 1024);
    hall.until(1);
    hall.says(1, "x".repeat(1025) + "\n");
    assert_eq!(hall.heard(2), "");
    hall.host_says(&[&b"x".repeat(1025)[..], b"\n"].concat());
    assert_eq!((hall.heard(2).as_str(), hall.is_open(2)), ("", true));
    assert_eq!(hall.last_notice(), "1 line not said: longer than 1024 bytes");
}

#[test]
fn telnet_negotiation_is_no_text() {
    let mut hall = Hall::with(2);
    hall.says(1, b"\xff\xfd\x03hi\r\n\xff");
    assert_eq!(hall.heard(2), "guest-1: hi\n");
    hall.until(100);
    hall.says(1, b"\n");
    assert_eq!(hall.heard(2), "guest-1: \\xff\n");
}

#[test]
fn a_slash_asks_and_two_say() {
    let mut hall = Hall::with(2);
    hall.says(1, "//help is not asked for\n/hlep\n/nothing\n/me waves\n");
    assert_eq!(hall.heard(2), "guest-1: /help is not asked for\n* guest-1 waves\n");
    assert_eq!(
        hall.heard(1),
        "-- no command `/hlep`: did you mean `/help`?\n\
         -- no command `/nothing`: `/help` lists them, `//nothing` says it\n"
    );
    hall.says(2, "/help\n");
    assert!(hall.heard(2).starts_with("-- /nick NAME: be called NAME\n-- /who: "));
    assert_eq!(hall.heard(1), "");
}

#[test]
fn a_private_message_is_for_one_only() {
    let mut hall = Hall::with(3);
    hall.says(1, "/msg guest-2 just \x1byou\n/msg nobody x\n/msg HOST hi\n");
    assert_eq!(hall.heard(2), "guest-1 (to you): just \\x1byou\n");
    assert_eq!(hall.heard(3), "");
    assert_eq!(hall.heard(1), "-- nobody here is called `nobody`\n");
    assert_eq!(hall.seen(), "guest-1 (to you): hi\n");
    hall.asks("/msg guest-3 you there?");
    assert_eq!([hall.heard(1), hall.heard(3)], ["", "host (to you): you there?\n"]);
    hall.asks("/me bows");
    assert_eq!(hall.heard(1), "* host bows\n");
    hall.asks("/msg guest-9 x");
    assert_eq!(hall.last_notice(), "nobody here is called `guest-9`");
    hall.asks("/msg host x");
    assert_eq!(hall.last_notice(), "that is you");
}

#[test]
fn what_the_host_does_and_whispers_is_kept_as_what_it_says_is() {
    let mut hall = Hall::new(RoomOptions { attended: false, ..options() }).joined_by(2);
    hall.asks("/msg guest-2 psst");
    assert_eq!(hall.heard(2), "-- host joined (3 here)\nhost (to you): psst\n");
    hall.asks("/me bows");
    hall.asks("/msg nobody x");
    hall.asks("/me ");
    assert_eq!(hall.recorded(), ["0ms 2 server psst\\n", "0ms * server /me bows\\n"]);
    let mut alone = Hall::with(0);
    alone.asks("/me bows");
    assert_eq!(alone.recorded(), [""; 0]);
    let unheard = alone.told.effects().filter(|effect| matches!(effect, Effect::Unheard(_)));
    assert_eq!(unheard.count(), 1);
}

#[test]
fn what_a_guest_does_goes_in_one_buffer_with_what_it_says() {
    let mut hall = Hall::with(2);
    hall.says(1, "/me x\nx\n".repeat(500));
    let passed = hall.told.effects().filter(
        |effect| matches!(effect, Effect::Pass { bytes, .. } if bytes.starts_with(b"* guest-1 x")),
    );
    assert_eq!(passed.count(), 1);
    assert_eq!(hall.heard(2), "* guest-1 x\nguest-1: x\n".repeat(500));
}

#[test]
fn who_tells_who_is_here_and_not_more_than_one_can_read() {
    let mut hall = Hall::with(2);
    hall.says(1, "/who\n");
    assert_eq!(hall.heard(1), "-- 3 here: host, guest-1, guest-2\n");
    let mut hall = Hall::with(200);
    hall.says(1, "/who\n");
    assert!(hall.heard(1).ends_with("guest-99, and 101 more\n"));
}

#[test]
fn raw_bytes_of_the_host_are_lines_when_they_end_or_after_a_second() {
    let mut hall = Hall::with(2);
    let raw = |hall: &mut Hall, to, bytes: &'static [u8]| {
        hall.give(Input::Raw { to, bytes: Bytes::from_static(bytes) });
    };
    raw(&mut hall, Audience::Guests, b"hel");
    raw(&mut hall, Audience::Guests, b"lo\nand");
    assert_eq!(hall.heard(1), "host: hello\n");
    hall.until(1000);
    assert_eq!(hall.heard(1), "host: and\n");
    raw(&mut hall, Audience::Guests, b" more");
    raw(&mut hall, Audience::One(conn(2)), b"psst\n");
    assert_eq!(hall.heard(1), "host:  more\n");
    assert_eq!(hall.heard(2), "host: hello\nhost: and\nhost:  more\nhost (to you): psst\n");
}
