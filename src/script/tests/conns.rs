//! Several conns in one script.

use super::*;

/// What `/open` asked for: name and address.
fn asked(end: &End) -> Vec<(&str, &str)> {
    let opens = end.tasks.iter().filter_map(|task| match task {
        Task::Open { name, addr, .. } => Some((name.as_str(), addr.as_str())),
        _ => None,
    });
    opens.collect()
}

#[test]
fn open_waits_until_the_conn_stands_and_does_not_turn_to_it() {
    let mut end = End::client("/set port 67\n/open bob host:${port}\nto main\n/on bob\nto bob\n");
    assert_eq!((asked(&end), end.sent(1)), (vec![("bob", "host:67")], String::new()));
    end.until(60_000);
    end.opens(2, "bob");
    assert_eq!((end.sent(1), end.sent(2)), ("to main\n".to_owned(), "to bob\n".to_owned()));
    assert!(end.succeeded());
}

#[test]
fn the_first_conn_is_main_and_all_are_all() {
    let mut end = End::client("/open bob x\n/on bob\nb\n/on main\nm\n/on all\na\n");
    end.opens(2, "bob");
    assert_eq!((end.sent(1), end.sent(2)), ("m\na\n".to_owned(), "b\na\n".to_owned()));
    assert_eq!(end.told.recorded(None, Side::Client), b"a\n");
}

#[test]
fn each_conn_has_unread_lines_of_its_own() {
    let mut end = End::client(
        "/open bob x\n/expect -n -x main 1\n/on bob\n/expect -n -x bob 1\n/expect -n -x bob 2\n\
         /on main\n/expect -n -x main 2\n/on all\n/expect -n -x bob 3\n/expect -n -x main 3\n",
    );
    end.opens(2, "bob");
    end.hears(2, b"bob 1\nbob 2\nbob 3\n");
    end.hears(1, b"main 1\nmain 2\nmain 3\n");
    assert!(end.succeeded(), "{:#?}", end.failures);
    assert_eq!(end.runner.unread_lines(), 0);
}

#[test]
fn the_end_of_a_conn_concerns_who_waits_for_it() {
    let mut end =
        End::client("/open bob x\n/expect -x later\n/on bob\n/expect-eof\n/expect never\n");
    end.opens(2, "bob");
    end.ends(2, Ending::Eof);
    assert_eq!((end.failures.len(), end.left()), (0, None));
    end.hears(1, b"later\n");
    assert!(end.failed().starts_with("error: `bob` closed the connection before"));
}

#[test]
fn a_name_is_taken_as_long_as_its_conn_is_open() {
    for (name, told) in [
        ("main", "error: a conn called `main` is open"),
        ("all", "error: no conn can be called `all`"),
    ] {
        let end = End::client(&format!("/open {name} x\n"));
        assert_eq!((end.failed(), end.failures[0].1), (told, Blame::Script));
    }
    let mut end = End::client("/open bob x\n/on bob\n/close\n/open bob x\n/on bob\nagain\n");
    end.opens(2, "bob");
    end.opens(3, "bob");
    assert_eq!((end.sent(2), end.sent(3)), (String::new(), "again\n".to_owned()));
}

#[test]
fn a_listener_that_opens_a_conn_has_no_guest_more() {
    let mut end =
        End::listener("/open up x\n/on up\nup\n/on all\ndown\n/accept 2\n/expect -x b\n", 1);
    end.opens(2, "up");
    end.hears(2, b"b\n");
    assert_eq!((end.sent(1), end.sent(2)), ("down\n".to_owned(), "up\n".to_owned()));
    end.joins(3);
    assert!(!end.succeeded(), "what another conn says is no guest's word");
    end.hears(3, b"b\n");
    assert!(end.succeeded());
    assert_eq!(end.runner.unread_lines(), 1);
}

#[test]
fn a_guest_to_come_keeps_its_name_and_another_conn_is_not_kicked() {
    let end = End::listener("/open guest-7 x\n", 1);
    assert_eq!(end.failed(), "error: no conn can be called `guest-7`");
    let mut end = End::listener("/open up x\n/kick up\n", 1);
    end.opens(2, "up");
    assert_eq!(end.failed(), "error: only a guest can be kicked");
}

#[test]
fn the_prompt_names_the_conn_where_there_are_several() {
    let mut end = End::person();
    assert_eq!(end.runner.prompt(), "> ");
    end.opens(2, "bob");
    assert_eq!(end.runner.prompt(), "main> ");
    for (step, prompt) in [("/on bob\n", "bob> "), ("/on all\n", "all> ")] {
        end.more(step);
        assert_eq!(end.runner.prompt(), prompt);
    }
}
