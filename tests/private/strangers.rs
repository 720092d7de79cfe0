//! Those who come without a code, or without a word.

use std::io::Write;
use std::net::TcpStream;

use chat_repl::net::raise_descriptor_limit;

use super::{WRONG, host};
use crate::support::DEADLINE;
use crate::support::peer::Peer;
use crate::support::proc::Repl;
use crate::support::tools;

#[test]
fn who_makes_no_guess_uses_up_none_and_learns_nothing() {
    let host = host(&["--room", "--name", "secretary"]);
    let mut peer = Peer::connect(&host.plain_addr());
    peer.say("hello\n");
    let told = peer.read_to_end_within(DEADLINE);
    assert_eq!(told, b"-- this listener speaks TLS, and what came is no TLS\n");
    // Over TLS, and with other words than those of a guest, or with none.
    for said in ["hello\n", "\u{1}B12345678901234567890123456789012", ""] {
        let client = Repl::new().args(["--connect", &host.addr, "--tls-insecure", "-q"]);
        let client = client.stdin(said).spawn().wait();
        assert_eq!(client.stdout, b"", "{}", client.stderr);
        assert!(!client.stderr.contains("secretary"), "{}", client.stderr);
    }
    host.guesses(WRONG);
    host.running.wait_stderr_containing(" guessed a wrong code: after 4 more the code");
    let told = host.running.stderr_so_far();
    assert!(told.contains("was turned away: ") && !told.contains(" joined"), "{told}");
}

#[test]
fn who_says_nothing_is_cut_and_holds_up_nobody() {
    let host = host(&[]);
    let silent = Repl::new().args(["--connect", &host.addr, "--tls-insecure"]).spawn();
    silent.wait_stderr_line("-- connected to ");
    host.lets_in("meanwhile");
    host.running.wait_stderr_containing(" was turned away: no code was proved within 10");
    silent.wait_stderr_line("-- the peer closed the connection");
    assert_eq!(silent.stdout_so_far(), b"");
}

#[test]
fn an_earlier_tls_is_turned_away() {
    let host = host(&[]);
    let at = host.plain_addr();
    let args = ["s_client", "-quiet", "-tls1_2", "-connect", &at];
    let Some(openssl) = tools::start("openssl", args) else { return };
    host.running.wait_stderr_containing(" was turned away: ");
    assert_ne!(openssl.wait().status.code(), Some(0));
    host.lets_in("over the latest");
}

#[test]
fn a_thousand_strangers_keep_no_guest_out() {
    raise_descriptor_limit();
    let host = host(&[]);
    let strangers: Vec<TcpStream> = (0..1000)
        .map(|n| {
            let mut stranger = TcpStream::connect(host.plain_addr()).unwrap();
            // Nothing at all, or the beginning of a handshake.
            stranger.write_all(&[22, 3, 1, 2, 0, 1][..n % 7]).unwrap();
            stranger
        })
        .collect();
    host.lets_in("here I am");
    drop(strangers);
}
