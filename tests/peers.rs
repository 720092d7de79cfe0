//! Peers that other people wrote, in both roles, both ends speaking at once.

use tempfile::TempDir;

use crate::support::peer::Peer;
use crate::support::proc::Repl;
use crate::support::running::Running;
use crate::support::tools::{self, split_addr};

fn host() -> Running {
    Repl::new().args(["--listen", "127.0.0.1:0"]).spawn()
}

/// A client that does not lose patience on a busy machine.
fn client(addr: &str) -> Running {
    Repl::new().args(["--connect", addr, "--retry", "20s", "--linger", "20s"]).spawn()
}

/// Starts a peer with these arguments, behind them host and port of `addr`.
fn dial(name: &str, args: &[&str], addr: &str) -> Option<Running> {
    let (host, port) = split_addr(addr);
    tools::start(name, args.iter().copied().chain([host, port]))
}

/// Both say something before they hear the other; `prefix` is what the peer prints before our words.
#[track_caller]
fn speak_at_once(repl: &Running, peer: &Running, prefix: &str) {
    peer.write("你好\n");
    repl.write("再见\n");
    repl.wait_stdout("你好");
    peer.wait_stdout(format!("{prefix}再见"));
}

/// The guest says its last, and still hears the answer.
#[track_caller]
fn hear_the_answer(mut host: Running, mut guest: Running) {
    guest.close_stdin();
    host.wait_stderr_line("-- guest-1 left: closed");
    host.write("the answer\n");
    guest.wait_stdout("the answer");
    host.close_stdin();
    guest.wait().exited(0);
    host.wait().exited(0);
}

/// The server ends the conversation after our side has said its last.
#[track_caller]
fn end_by_the_server(mut client: Running, mut server: Running) {
    server.close_stdin();
    client.close_stdin();
    server.wait().exited(0);
    client.wait().exited(0);
}

#[test]
fn nc_is_a_guest_that_hears_the_answer_to_its_last_word() {
    let host = host();
    let Some(nc) = dial("nc", &["-N"], &host.listening_addr()) else { return };
    speak_at_once(&host, &nc, "");
    hear_the_answer(host, nc);
}

#[test]
fn nc_is_a_server() {
    let Some(nc) = tools::start("nc", ["-l", "-N", "-v", "-n", "127.0.0.1", "0"]) else {
        return;
    };
    let port = nc.wait_stderr_line("Listening on ").split_off("Listening on 127.0.0.1 ".len());
    let mut client = client(&format!("127.0.0.1:{port}"));
    speak_at_once(&client, &nc, "");
    nc.write("late\n");
    client.wait_stdout("late\n");
    // It listens, so with the end of its client it is done, whatever else it has to say.
    client.close_stdin();
    nc.wait().exited(0);
    assert_eq!(client.wait().exited(0).stdout, "你好\nlate\n".as_bytes());
}

#[test]
fn ncat_is_a_guest_that_hears_the_answer_to_its_last_word() {
    let host = host();
    let Some(ncat) = dial("ncat", &[], &host.listening_addr()) else { return };
    speak_at_once(&host, &ncat, "");
    hear_the_answer(host, ncat);
}

#[test]
fn ncat_is_a_server() {
    // It does not tell which port it got for 0, but takes a unix socket.
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("ncat.sock");
    let Some(ncat) = tools::start("ncat", ["-l".as_ref(), "-U".as_ref(), path.as_os_str()]) else {
        return;
    };
    let client = client(&format!("unix:{}", path.display()));
    speak_at_once(&client, &ncat, "");
    end_by_the_server(client, ncat);
}

#[test]
fn socat_is_a_guest_that_hears_the_answer_to_its_last_word() {
    let host = host();
    let address = format!("TCP:{}", host.listening_addr());
    let Some(socat) = tools::start("socat", ["-t3", "-", &address]) else { return };
    speak_at_once(&host, &socat, "");
    hear_the_answer(host, socat);
}

#[test]
fn socat_is_a_server() {
    let args = ["-d", "-d", "-t3", "TCP-LISTEN:0,bind=127.0.0.1", "-"];
    let Some(socat) = tools::start("socat", args) else { return };
    let told = socat.wait_stderr_containing(" listening on AF=2 ");
    let client = client(told.rsplit(' ').next().unwrap());
    speak_at_once(&client, &socat, "");
    end_by_the_server(client, socat);
}

#[test]
fn telnet_is_a_guest() {
    let mut host = host();
    let Some(mut telnet) = dial("telnet", &[], &host.listening_addr()) else { return };
    telnet.wait_stdout("Escape character");
    speak_at_once(&host, &telnet, "");
    telnet.close_stdin();
    host.wait_stderr_line("-- guest-1 left: closed");
    host.close_stdin();
    let said = host.wait().exited(0).stdout;
    assert!(!said.contains(&0xff), "negotiation came out: {}", said.escape_ascii());
    telnet.wait();
}

#[test]
fn a_python_client_that_never_ends_a_line_is_heard_at_once() {
    let host = host();
    let addr = host.listening_addr();
    let Some(python) = tools::python("client.py", <[&str; 2]>::from(split_addr(&addr))) else {
        return;
    };
    speak_at_once(&host, &python, "server: ");
    python.write("and again\n");
    host.wait_stdout("你好and again");
    hear_the_answer(host, python);
}

#[test]
fn a_python_server_that_never_ends_a_line_is_heard_at_once() {
    let Some(mut python) = tools::python("server.py", ["0"]) else { return };
    let mut client = client(&python.listening_addr());
    speak_at_once(&client, &python, "client: ");
    python.write("and again\n");
    client.wait_stdout("你好and again");
    client.close_stdin();
    python.wait_stdout("the client has left");
    python.write("late\n");
    client.wait_stdout("late");
    python.close_stdin();
    python.wait().exited(0);
    client.wait().exited(0);
}

#[test]
fn guests_of_every_kind_share_a_host() {
    let mut host = host();
    let addr = host.listening_addr();
    let mut own = Peer::connect(&addr);
    host.wait_stderr_line("-- guest-1 joined");
    let mut guests = vec![
        dial("nc", &["-N"], &addr),
        dial("ncat", &[], &addr),
        tools::python("client.py", <[&str; 2]>::from(split_addr(&addr))),
    ];
    guests.retain(Option::is_some);
    host.write(format!("/accept {}\nto everybody\n", guests.len() + 1));
    own.expect_bytes("to everybody\n");
    for guest in guests.iter().flatten() {
        guest.wait_stdout("to everybody");
    }
    host.close_stdin();
    drop(own);
    for mut guest in guests.into_iter().flatten() {
        guest.close_stdin();
        guest.wait().exited(0);
    }
    host.wait().exited(0);
}
