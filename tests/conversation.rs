//! Lines between two ends and more: what is said arrives, at once, in order, and unchanged.

use crate::support::DEADLINE;
use crate::support::peer::{EchoServer, Peer, ScriptedServer, accept_within};
use crate::support::proc::Repl;
use crate::support::running::Running;

fn host() -> Running {
    Repl::new().args(["--listen", "127.0.0.1:0"]).spawn()
}

#[test]
fn both_ends_speak_at_once() {
    let mut host = host();
    let mut guest = Repl::new().args(["--connect", &host.listening_addr()]).spawn();
    let lines = |who: &str| (1..=500).map(|n| format!("{who} {n}\n")).collect::<Vec<_>>().concat();
    host.write(lines("host"));
    guest.write(lines("guest"));
    // With nothing more to say, the end of the one would be the end of the other.
    host.wait_stdout("guest 500\n");
    guest.wait_stdout("host 500\n");
    host.close_stdin();
    guest.close_stdin();
    let (host, guest) = (host.wait().exited(0), guest.wait().exited(0));
    assert_eq!(String::from_utf8(guest.stdout).unwrap(), lines("host"));
    assert_eq!(String::from_utf8(host.stdout).unwrap(), lines("guest"));
}

#[test]
fn each_line_arrives_before_the_next_is_written() {
    let host = host();
    let guest = Repl::new().args(["--connect", &host.listening_addr()]).spawn();
    for n in 0..20 {
        guest.write(format!("question {n}\n"));
        host.wait_stdout(format!("question {n}\n"));
        host.write(format!("answer {n}\n"));
        guest.wait_stdout(format!("answer {n}\n"));
    }
}

#[test]
fn a_prompt_without_a_line_end_is_printed_while_the_peer_waits() {
    let (asked, waits) = std::sync::mpsc::channel();
    let server = ScriptedServer::start(move |mut peer| {
        peer.say("login: ");
        asked.send(()).unwrap();
        peer.expect_bytes("bob\n");
        peer.say("welcome\n");
    });
    let mut client = Repl::new().args(["--connect", &server.addr()]).spawn();
    waits.recv_timeout(DEADLINE).unwrap();
    client.wait_stdout("login: ");
    client.write("bob\n");
    client.wait_stdout("welcome\n");
    client.close_stdin();
    assert_eq!(client.wait().exited(0).stdout, b"login: welcome\n");
    server.finish();
}

#[test]
fn what_was_piped_before_the_connection_stands_is_kept() {
    // Bound and not listening yet: a connect is refused, and nobody else gets the port.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap().to_string();
    let mut client = Repl::new().args(["--connect", &addr, "--retry", "20s"]).spawn();
    client.write("first\n");
    // One that does not retry is refused, by which time the other has tried, too.
    Repl::new().args(["--connect", &addr]).run().code(4);
    client.write("second\n");
    client.close_stdin();
    socket.listen(1).unwrap();
    let mut peer = Peer::from(accept_within(&socket.into()));
    assert_eq!(peer.read_to_end_within(DEADLINE), b"first\nsecond\n");
    peer.say("heard\n");
    drop(peer);
    assert_eq!(client.wait().exited(0).stdout, b"heard\n");
}

#[test]
fn what_was_piped_before_the_first_guest_came_is_for_that_guest() {
    let host = Repl::new().args(["--listen", "127.0.0.1:0"]).stdin("one\ntwo").spawn();
    let mut guest = Peer::connect(&host.listening_addr());
    assert_eq!(guest.read_to_end_within(DEADLINE), b"one\ntwo\n");
    drop(guest);
    host.wait().exited(0);
}

#[test]
fn text_goes_out_as_it_is_written_with_the_line_end_that_was_asked_for() {
    let script = " padded \t\n\n//slash\n# no comment\n/# a comment\n${HOME} %s \\n\nunended";
    for (eol, end) in [("lf", "\n"), ("crlf", "\r\n")] {
        let server = ScriptedServer::start(|mut peer| {
            peer.read_to_end_within(DEADLINE);
        });
        let client = Repl::new().args(["--connect", &server.addr(), "--eol", eol]);
        client.stdin(script).run().success();
        let said = [" padded \t", "", "/slash", "# no comment", "${HOME} %s \\n", "unended", ""];
        assert_eq!(String::from_utf8(server.finish()).unwrap(), said.join(end));
    }
}

#[test]
fn several_guests_come_out_as_whole_lines_without_a_label() {
    let mut host = host();
    let addr = host.listening_addr();
    let (mut slow, mut quick) = (Peer::connect(&addr), Peer::connect(&addr));
    host.wait_stderr_line("-- guest-2 joined");
    slow.say("half ");
    // The script sees that half a line has come, and prints nothing of it.
    host.write("/expect -p ^half\nnext\n");
    slow.expect_bytes("next\n");
    quick.say("quick 1\nquick 2\n");
    host.wait_stdout("quick 2\n");
    slow.say("a line\n");
    host.wait_stdout("half a line\n");
    quick.say("the rest");
    quick.shutdown();
    host.wait_stdout("the rest");
    slow.say("last\n");
    slow.shutdown();
    host.close_stdin();
    let stdout = host.wait().exited(0).stdout;
    assert_eq!(
        String::from_utf8(stdout).unwrap(),
        "quick 1\nquick 2\nhalf a line\nthe rest\nlast\n"
    );
}

#[test]
fn the_host_speaks_to_one_guest_after_on_and_to_all_before() {
    let mut host = host();
    let addr = host.listening_addr();
    let mut first = Peer::connect(&addr);
    host.wait_stderr_line("-- guest-1 joined");
    let mut second = Peer::connect(&addr);
    host.wait_stderr_line("-- guest-2 joined");
    host.write("to all\n/on guest-2\nto two\n/on all\nbye\n");
    host.close_stdin();
    assert_eq!(first.read_to_end_within(DEADLINE), b"to all\nbye\n");
    assert_eq!(second.read_to_end_within(DEADLINE), b"to all\nto two\nbye\n");
    drop((first, second));
    host.wait().exited(0);
}

#[test]
fn a_script_listens_while_it_sends() {
    let echo = EchoServer::start();
    let script = "one\n/expect ^one$\ntwo\n/expect ^two$\nthree\n";
    let client = Repl::new().args(["--connect", &echo.addr()]).stdin(script).run();
    client.success().stdout("one\ntwo\nthree\n");
}
