//! `--replay` of transcripts with several conns, and of one of them.

use super::*;

#[test]
fn all_conns_are_opened_and_keep_their_order() {
    let dir = talk_folder(&tape(&[
        server("hello"),
        opens(2),
        on(2, server("hello too")),
        client("say hi"),
        on(2, server("hi")),
        on(2, client("bye")),
        server("the other left"),
    ]));
    let (listener, addr) = listen();
    let room = thread::spawn(move || {
        let mut one = Peer::from(accept_within(&listener));
        one.say("hello\n");
        let mut two = Peer::from(accept_within(&listener));
        two.say("hello too\n");
        one.expect_bytes("say hi\n");
        two.say("hi\n");
        two.expect_bytes("bye\n");
        one.say("the other left\n");
        [one, two].map(|mut peer| peer.read_to_end_within(DEADLINE))
    });
    let repl = Repl::new().args(["--connect", &addr.to_string(), "--replay", "talk.jsonl"]);
    let replayed = repl.current_dir(dir.path()).run().success();
    replayed.stderr(says::notice("replayed talk.jsonl: 4 lines as recorded\n"));
    assert_eq!(room.join().unwrap(), [b"", b""]);
}

#[test]
fn what_was_captured_on_one_conn_is_expected_on_another() {
    let dir = talk_folder(&tape(&[
        on(2, with(server("id 7"), r#""want":"^id (?<id>\\d+)$""#)),
        with(server("7 has come"), r#""want":"^${id} has come$""#),
        client("hello"),
        on(2, with(server("id 8"), r#""want":"^id (?<id>\\d+)$""#)),
        with(server("7 is 8 now"), r#""want":"^\\d is ${id} now$""#),
    ]));
    let play = |[first, then]: [&'static str; 2], late: bool| {
        let (listener, addr) = listen();
        let room = thread::spawn(move || {
            let [mut one, mut two] = [(); 2].map(|()| Peer::from(accept_within(&listener)));
            // What it is expected by comes before it or behind it.
            if late {
                one.say(first);
            }
            two.say("id 12\n");
            if !late {
                one.say(first);
            }
            if one.read_line() == b"hello\n" {
                if late {
                    one.say(then);
                }
                two.say("id 13\n");
                if !late {
                    one.say(then);
                }
            }
            [one, two].map(|mut peer| peer.read_to_end_within(DEADLINE))
        });
        let repl = Repl::new().args(["--connect", &addr.to_string(), "--replay", "talk.jsonl"]);
        let replayed = repl.current_dir(dir.path()).args(["--actual", "now.jsonl"]).run();
        room.join().unwrap();
        replayed
    };
    for late in [false, true] {
        play(["12 has come\n", "9 is 13 now\n"], late).success();
        let repl = Repl::new().args(["diff", "talk.jsonl", "now.jsonl"]);
        repl.current_dir(dir.path()).run().success().stdout("");
    }
    let differs =
        |event: usize| says::error(&format!("event {event} of talk.jsonl (conn 1) differs\n"));
    play(["7 has come\n", ""], false).code(1).stderr(differs(3));
    play(["12 has come\n", "9 is 12 now\n"], false).code(1).stderr(differs(6));
}

#[test]
fn a_difference_on_one_of_several_conns_names_it() {
    let dir = talk_folder(&tape(&[server("a"), on(2, server("b")), on(2, client("c"))]));
    let (listener, addr) = listen();
    let room = thread::spawn(move || {
        let mut one = Peer::from(accept_within(&listener));
        one.say("a\n");
        let mut two = Peer::from(accept_within(&listener));
        two.say("x\n");
        [one, two].map(|mut peer| peer.read_to_end_within(DEADLINE))
    });
    let repl = Repl::new().args(["--connect", &addr.to_string(), "--replay", "talk.jsonl"]);
    let told = repl.current_dir(dir.path()).run().code(1);
    told.stderr(says::error("event 3 of talk.jsonl (conn 2) differs\n"));
    room.join().unwrap();
}

#[test]
fn a_file_that_is_called_as_a_conn_would_be_is_that_file() {
    let dir = TempDir::new().unwrap();
    let name = "talk#3";
    fs::write(dir.path().join(name), tape(&[server("a")])).unwrap();
    let run = |args: &[&str]| Repl::new().args(args).current_dir(dir.path());
    for args in [&["--replay", name][..], &["--replay", "talk#3#1"], &["test", name]] {
        let server = ScriptedServer::start(|mut peer| {
            peer.say("a\n");
            peer.read_to_end_within(DEADLINE);
        });
        run(args).args(["--connect", &server.addr()]).run().success();
    }
    let other = || {
        ScriptedServer::start(|mut peer| {
            peer.say("b\n");
            peer.read_to_end_within(DEADLINE);
        })
    };
    let script = format!("/replay {name}\n");
    let told = run(&["--connect", &other().addr()]).stdin(script).run().code(1);
    told.stderr(says::error("event 2 of talk#3 differs\n"));
    run(&["--connect", &other().addr(), "--bless", "--replay", name]).run().success();
    assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), tape(&[server("b")]));
    run(&["diff", name, "talk#3#1"]).run().success();
    run(&["show", name]).run().success().stdout(contains("server  b\n"));
}
