//! Those who come without a code, or without a word.

use std::env;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chat_repl::net::private::exchange::Guest;
use chat_repl::net::{DialOptions, Dialer, Link, Tls, TlsOptions, raise_descriptor_limit};
use chat_repl::units::At;
use memchr::memmem;
use mio::{Events, Poll, Token, Waker};

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
fn a_certificate_says_nothing_of_where_or_whose_it_is() {
    let host = host(&["--room", "--name", "secretary"]);
    let at = host.plain_addr();
    let args = ["s_client", "-showcerts", "-connect", &at];
    let Some(mut openssl) = tools::start("openssl", args) else { return };
    openssl.close_stdin();
    let shown = String::from_utf8(openssl.wait().stdout).unwrap();
    let begin = shown.split("-----BEGIN CERTIFICATE-----").nth(1).expect("it shows one");
    let base64 = begin.split("-----END").next().unwrap().replace(['\n', '\r'], "");
    let certificate = STANDARD.decode(base64).unwrap();
    let has = |part: &[u8]| memmem::find(&certificate, part).is_some();
    assert!(has(b"chat-repl session") && has(b"localhost"), "{shown}");
    assert!(!has(&[0x87, 4, 127, 0, 0, 1]) && !has(b"secretary"), "{shown}");
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

/// How many stall who speak TLS, which takes more than a knock; `CHAT_REPL_TEST_CROWD=1000` makes it a
/// thousand.
const STALLING: usize = 300;

/// Connects over TLS, and proves no code.
struct Clients {
    poll: Poll,
    waker: Arc<Waker>,
    tls: Tls,
}

impl Clients {
    fn new() -> Clients {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(1)).unwrap());
        let options = TlsOptions { insecure: true, ..TlsOptions::default() };
        Clients { poll, waker, tls: Tls::load(options).unwrap() }
    }

    fn connects(&mut self, addr: &str) -> Link {
        let options = DialOptions { tls: self.tls.clone(), ..DialOptions::default() };
        let (addr, mut events) = (addr.parse().unwrap(), Events::with_capacity(4));
        let mut dialer = Dialer::start(addr, options, Token(0), &self.waker, At::START);
        loop {
            if let Some(link) = dialer.advance(self.poll.registry(), At::START) {
                return link.unwrap();
            }
            self.poll.poll(&mut events, Some(DEADLINE)).unwrap();
            assert!(!events.is_empty(), "no TLS within {DEADLINE:?}");
        }
    }
}

#[test]
fn who_stalls_within_the_proof_keeps_no_guest_out_and_makes_no_guess() {
    raise_descriptor_limit();
    let host = host(&[]);
    let crowd = env::var("CHAT_REPL_TEST_CROWD").ok().map(|size| size.parse().unwrap());
    let (_, share) = Guest::new(&WRONG.parse().unwrap(), [0; 32]);
    let said = [&*share, &[0; 31]].concat();
    let mut clients = Clients::new();
    let strangers: Vec<Link> = (0..crowd.unwrap_or(STALLING))
        .map(|n| {
            let mut link = clients.connects(&host.addr);
            // Nothing, a part of a share, all of it, and all but the last byte of a proof.
            let said = &said[..[0, 1, 33, 34, 65][n % 5]];
            link.stream.write_all(said).and_then(|()| link.stream.flush()).unwrap();
            link
        })
        .collect();
    host.lets_in("here I am");
    let told = host.running.stderr_so_far();
    assert_eq!((told.matches(" joined").count(), told.contains("guessed")), (1, false), "{told}");
    eprintln!("{} stall: {} KiB at most", strangers.len(), host.running.peak_memory() >> 10);
}
