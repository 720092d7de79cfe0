//! Both ends of TLS, over a stream in memory that is so narrow that every read and write is a partial
//! one.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::*;
use crate::net::addr::Endpoint;
use crate::net::conn::{Conn, Flushed, ReadOutcome, Settled};
use crate::net::memory::{End, pair};
use crate::net::stream::Stream;
use crate::session::Ending;
use crate::units::At;

type Agreed = (TlsStream<End>, TlsStream<End>);

fn endpoint(host: &str) -> Endpoint {
    Endpoint::Tcp { host: Some(host.to_owned()), port: 5 }
}

/// A client that does what the options say, and a server.
fn ends(client: TlsOptions, server: &Acceptor, host: &str) -> (Handshake<End>, Handshake<End>) {
    let (near, far) = pair();
    let client = Tls::load(client).unwrap().connect(&endpoint(host)).unwrap();
    (Handshake::new(near, client), Handshake::new(far, server.connection().unwrap()))
}

/// Takes both ends through their handshakes in turn.
fn agree((mut client, mut server): (Handshake<End>, Handshake<End>)) -> Result<Agreed, TlsFailure> {
    for _ in 0..100_000 {
        match (client.advance()?, server.advance()) {
            (Shaken::Done(client), Ok(Shaken::Done(server))) => return Ok((client, server)),
            (Shaken::Done(done), Ok(Shaken::Waits(waiting))) => {
                return waits(waiting).map(|server| (done, server));
            }
            (Shaken::Waits(waiting), Ok(Shaken::Done(done))) => {
                return waits(waiting).map(|client| (client, done));
            }
            (Shaken::Waits(one), Ok(Shaken::Waits(other))) => (client, server) = (one, other),
            (_, Err(failure)) => return Err(failure),
        }
    }
    panic!("they never agree");
}

/// The other end is done, and has said all.
fn waits(handshake: Handshake<End>) -> Result<TlsStream<End>, TlsFailure> {
    match handshake.advance()? {
        Shaken::Done(stream) => Ok(stream),
        Shaken::Waits(_) => panic!("it waits for ever"),
    }
}

/// A server that nobody vouches for, and a client that knows its key.
fn agreed() -> (Conn<TlsStream<End>>, Conn<TlsStream<End>>) {
    let server = Tls::default().accept(&endpoint("localhost")).unwrap();
    let pins = server.pin().into_iter().collect();
    let (client, server) =
        agree(ends(TlsOptions { pins, ..TlsOptions::default() }, &server, "localhost")).unwrap();
    (Conn::new(client), Conn::new(server))
}

/// All that can be read now, and how it ended if it did.
fn hear(conn: &mut Conn<TlsStream<End>>, heard: &mut Vec<u8>) -> Option<Result<(), Ending>> {
    let mut buf = [0; 100];
    loop {
        match conn.read(&mut buf) {
            ReadOutcome::Bytes { n, .. } => heard.extend_from_slice(&buf[..n]),
            ReadOutcome::WouldBlock => return None,
            ReadOutcome::Eof => return Some(Ok(())),
            ReadOutcome::Failed(how) => return Some(Err(how)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_byte_arrives_both_ways(lens in prop::collection::vec(0usize..20_000, 1..6)) {
        let (mut client, mut server) = agreed();
        let (mut said, mut heard, mut back) = (Vec::new(), Vec::new(), Vec::new());
        for (n, len) in lens.into_iter().enumerate() {
            let piece: Vec<u8> = (0..len).map(|at| u8::try_from((n + at) % 251).unwrap()).collect();
            said.extend_from_slice(&piece);
            client.send(Bytes::from(piece));
        }
        client.shutdown();
        let (mut client_ended, mut server_ended) = (false, false);
        while !client_ended {
            client.flush().unwrap();
            let before = heard.len();
            if !server_ended {
                server_ended = hear(&mut server, &mut heard) == Some(Ok(()));
                server.send(Bytes::copy_from_slice(&heard[before..]));
            }
            if server_ended {
                server.shutdown();
            }
            server.flush().unwrap();
            client_ended = hear(&mut client, &mut back) == Some(Ok(()));
        }
        prop_assert!(heard == said && back == said, "{} {} {}", said.len(), heard.len(), back.len());
        prop_assert_eq!((client.unsent(), server.unsent()), (0, 0));
    }
}

#[test]
fn a_half_close_leaves_the_other_direction_open() {
    let (mut client, mut server) = agreed();
    client.shutdown();
    let mut heard = Vec::new();
    let mut ended = None;
    while ended.is_none() {
        client.flush().unwrap();
        ended = hear(&mut server, &mut heard);
    }
    assert_eq!(ended, Some(Ok(())));
    server.send(Bytes::from_static(b"and yet\n"));
    while heard != b"and yet\n" {
        server.flush().unwrap();
        assert_eq!(hear(&mut client, &mut heard), None);
    }
    client.send(Bytes::from_static(b"too late"));
    assert_eq!((client.flush(), client.unsent()), (Ok(Flushed::All), 8));
}

#[test]
fn an_end_without_close_notify_is_an_error_within_a_line_and_told_elsewhere() {
    let within = "it ended within a line and without close_notify: something may be missing";
    for (said, how) in [
        ("", Ok(())),
        ("a line\n", Ok(())),
        ("a line\nand a ha", Err(Ending::Error(within.to_owned()))),
    ] {
        let (mut client, mut server) = agreed();
        let mut heard = Vec::new();
        server.send(Bytes::from(said));
        while server.flush() == Ok(Flushed::Blocked) {
            assert_eq!(hear(&mut client, &mut heard), None);
        }
        server.stream_mut().under_mut().shutdown_write().unwrap();
        assert_eq!(hear(&mut client, &mut heard), Some(how), "{said}");
        assert!(client.is_cut() && heard == said.as_bytes());
    }
    let (mut client, mut server) = agreed();
    server.shutdown();
    while server.flush() == Ok(Flushed::Blocked) {
        assert_eq!(hear(&mut client, &mut Vec::new()), None);
    }
    assert_eq!(hear(&mut client, &mut Vec::new()), Some(Ok(())));
    assert!(!client.is_cut());
}

#[test]
fn a_byte_that_was_changed_on_the_way_breaks_the_conn_and_both_are_told() {
    let (mut client, mut server) = agreed();
    // The head of a record, and then what was never sealed.
    server.stream_mut().under_mut().write_all(&[23, 3, 3, 0, 3]).unwrap();
    server.stream_mut().under_mut().write_all(b"abc").unwrap();
    let how = hear(&mut client, &mut Vec::new());
    assert!(matches!(how, Some(Err(Ending::Error(_)))), "{how:?}");
    let how = loop {
        let _ = client.stream_mut().flush();
        if let Some(how) = hear(&mut server, &mut Vec::new()) {
            break how;
        }
    };
    let Err(Ending::Error(why)) = how else { panic!("{how:?}") };
    assert!(why.starts_with("the peer breaks TLS off: alert `"), "{why}");
}

#[test]
fn what_is_sealed_and_has_not_left_counts_as_not_sent() {
    let (mut client, _server) = agreed();
    client.send(Bytes::from(vec![b'x'; 1000]));
    assert_eq!(client.flush(), Ok(Flushed::Blocked));
    assert!((1000 - 8..1100).contains(&client.queued()), "{}", client.queued());
    client.close(At::START);
    let mut now = At::START;
    while let Settled::Pending = client.settle(now, &mut [0; 100]) {
        now = client.deadline().unwrap();
    }
    let Settled::Done { unsent, whole: true } = client.settle(now, &mut [0; 100]) else {
        panic!("it is over");
    };
    assert!(unsent >= 1000 - 8, "{unsent}");
}

/// Files of one authority, and of servers.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Files {
        Files(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, certificate: &str, key: &KeyPair) -> TlsOptions {
        let (cert, key_file) = (self.path(name), self.path(&format!("{name}.key")));
        fs::write(&cert, certificate).unwrap();
        fs::write(&key_file, pem("PRIVATE KEY", &key.serialize_der())).unwrap();
        TlsOptions { cert: Some(cert), key: Some(key_file), ..TlsOptions::default() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn params(names: &[&str], holder: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, holder);
    params
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = params(&[], name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// How a client that trusts the authority of `ca` fares with a server of these files.
fn fares(server: TlsOptions, ca: &Path, host: &str) -> Result<Agreed, TlsFailure> {
    let server = Tls::load(server).unwrap().accept(&endpoint(host)).unwrap();
    let client = TlsOptions { ca: Some(ca.to_owned()), ..TlsOptions::default() };
    agree(ends(client, &server, host))
}

#[test]
fn a_server_is_who_it_says_or_is_refused_with_the_reason() {
    let (files, ca, key) = (Files::new(), authority("Test CA"), KeyPair::generate().unwrap());
    fs::write(files.path("ca"), pem("CERTIFICATE", ca.der())).unwrap();
    let signed = |params: CertificateParams| {
        let certificate = params.signed_by(&key, &ca).unwrap();
        files.write("server", &pem("CERTIFICATE", certificate.der()), &key)
    };
    let good = || params(&["a.example", "127.0.0.1"], "a");
    for host in ["a.example", "127.0.0.1"] {
        let (client, _) = fares(signed(good()), &files.path("ca"), host).unwrap();
        let secured = client.secured(true);
        assert_eq!((secured.version, secured.subject.as_deref()), ("1.3", Some("CN=a")));
        assert!(secured.pin.unwrap().starts_with("sha256//"));
    }
    let told = |params, host| {
        let failure = fares(signed(params), &files.path("ca"), host).unwrap_err();
        format!("{failure}; {}", failure.hint().unwrap())
    };
    assert_eq!(
        told(good(), "b.example"),
        "the certificate of `CN=a` is for `a.example`, `127.0.0.1`, not for `b.example`; \
         if that is who you mean: `--tls-name a.example`"
    );
    let mut old = good();
    old.not_after = rcgen::date_time_ymd(2020, 2, 3);
    assert!(told(old, "a.example").starts_with(
        "the certificate of `CN=a` expired on 2020-02-03T00:00:00Z; if the other end"
    ));
    let mut young = good();
    young.not_before = rcgen::date_time_ymd(3020, 2, 3);
    let young = told(young, "a.example");
    assert!(
        young.contains("is not valid before 3020-02-03T00:00:00Z; if the other end"),
        "{young}"
    );
}

#[test]
fn who_is_vouched_for_by_nobody_is_refused_with_the_pin_that_would_do() {
    let (files, key) = (Files::new(), KeyPair::generate().unwrap());
    let (ca, other, alike) = (authority("Test CA"), authority("Other CA"), authority("Test CA"));
    fs::write(files.path("ca"), pem("CERTIFICATE", ca.der())).unwrap();
    let by_other = params(&["a.example"], "a").signed_by(&key, &other).unwrap();
    let by_alike = params(&["a.example"], "a").signed_by(&key, &alike).unwrap();
    let by_itself = params(&["a.example"], "a").self_signed(&key).unwrap();
    let pin = Pin::of_key(&rcgen::PublicKeyData::subject_public_key_info(&key));
    for (certificate, why) in [
        (by_other, "is signed by `CN=Other CA`, whom nobody who is trusted vouches for"),
        (by_alike, "says that it is signed by somebody who is trusted, and is not"),
        (by_itself, "is signed by itself and by nobody who is trusted"),
    ] {
        let server = files.write("server", &pem("CERTIFICATE", certificate.der()), &key);
        let failure = fares(server.clone(), &files.path("ca"), "a.example").unwrap_err();
        assert_eq!(failure.to_string(), format!("the certificate of `CN=a` {why}"));
        let hint = failure.hint().unwrap();
        assert!(hint.starts_with(&format!("`--tls-pin {pin}` accepts this key")), "{hint}");

        let acceptor = Tls::load(server).unwrap().accept(&endpoint("a.example")).unwrap();
        assert_eq!(acceptor.pin(), Some(pin));
        let pinned = TlsOptions { pins: vec![pin], ..TlsOptions::default() };
        agree(ends(pinned, &acceptor, "elsewhere.example")).unwrap();
        let other = TlsOptions { pins: vec![Pin::of_key(b"")], ..TlsOptions::default() };
        let failure = agree(ends(other, &acceptor, "a.example")).unwrap_err();
        assert_eq!(
            failure.to_string(),
            format!("the certificate of `CN=a` has another key than --tls-pin: {pin}")
        );
        let anybody = TlsOptions { insecure: true, ..TlsOptions::default() };
        agree(ends(anybody, &acceptor, "elsewhere.example")).unwrap();
    }
}

#[test]
fn guests_show_certificates_where_we_know_whom_to_believe() {
    let (files, ca, key) = (Files::new(), authority("Test CA"), KeyPair::generate().unwrap());
    fs::write(files.path("ca"), pem("CERTIFICATE", ca.der())).unwrap();
    let certificate = params(&["guest"], "guest").signed_by(&key, &ca).unwrap();
    let guest = files.write("guest", &pem("CERTIFICATE", certificate.der()), &key);
    let pin = Pin::of_key(&rcgen::PublicKeyData::subject_public_key_info(&key));
    let ca = TlsOptions { ca: Some(files.path("ca")), ..TlsOptions::default() };
    let pinned = TlsOptions { pins: vec![pin], ..TlsOptions::default() };
    let stranger = TlsOptions { pins: vec![Pin::of_key(b"")], ..TlsOptions::default() };
    let fares = |server: &TlsOptions, client: TlsOptions| {
        let server = Tls::load(server.clone()).unwrap().accept(&endpoint("host")).unwrap();
        let client = TlsOptions { insecure: true, ..client };
        agree(ends(client, &server, "host")).map(|(_, server)| server.secured(true).subject)
    };
    for server in [&ca, &pinned] {
        assert_eq!(fares(server, guest.clone()), Ok(Some("CN=guest".to_owned())));
        assert_eq!(fares(server, TlsOptions::default()), Err(TlsFailure::NoCertificate));
    }
    let refused = fares(&stranger, guest.clone()).unwrap_err();
    assert!(refused.to_string().contains("`CN=guest` has another key"), "{refused}");
    let anybody = Tls::load(ca).unwrap().asking_nobody().accept(&endpoint("host")).unwrap();
    let insecure = TlsOptions { insecure: true, ..TlsOptions::default() };
    agree(ends(insecure, &anybody, "host")).unwrap();
}

#[test]
fn a_key_that_belongs_to_another_certificate_is_told() {
    let (files, key) = (Files::new(), KeyPair::generate().unwrap());
    let certificate = params(&["a"], "a").self_signed(&key).unwrap();
    let pem = pem("CERTIFICATE", certificate.der());
    let options = files.write("a", &pem, &KeyPair::generate().unwrap());
    let told = Tls::load(options).unwrap_err().to_string();
    assert!(
        told.ends_with(
            "does not go with the certificate in `{}`: it is the key of another"
                .replace("{}", &files.path("a").display().to_string())
                .as_str()
        ),
        "{told}"
    );
}

#[test]
fn what_is_no_tls_is_told_at_once_and_answered_in_words() {
    let server = Tls::default().accept(&endpoint("localhost")).unwrap();
    let (mut near, far) = pair();
    near.write_all(b"h").unwrap();
    let failure = Handshake::new(far, server.connection().unwrap()).advance().unwrap_err();
    assert_eq!(failure, TlsFailure::NoTls);
    assert_eq!(near.hear(), b"-- this ");

    let client = Tls::load(TlsOptions { insecure: true, ..TlsOptions::default() }).unwrap();
    let (near, mut far) = pair();
    far.write_all(b"220 mail").unwrap();
    let mut handshake = Handshake::new(near, client.connect(&endpoint("mail")).unwrap());
    let failure = loop {
        match handshake.advance() {
            Ok(Shaken::Waits(waiting)) => handshake = waiting,
            Ok(Shaken::Done(_)) => panic!("that is no TLS"),
            Err(failure) => break failure,
        }
        far.hear();
    };
    assert_eq!(failure, TlsFailure::NoTls);
}

proptest! {
    #[test]
    fn no_bytes_break_a_handshake_but_by_an_error(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let server = Tls::default().accept(&endpoint("localhost")).unwrap();
        let (mut near, far) = pair();
        let mut handshake = Handshake::new(far, server.connection().unwrap());
        for piece in [&[22, 3, 1, 0, 40][..], &bytes].concat().chunks(8) {
            near.write_all(piece).unwrap();
            match handshake.advance() {
                Ok(Shaken::Waits(waiting)) => handshake = waiting,
                Ok(Shaken::Done(_)) => panic!("that is no handshake"),
                Err(_) => return Ok(()),
            }
        }
        near.shutdown_write().unwrap();
        match handshake.advance() {
            Err(failure) => prop_assert_eq!(failure, TlsFailure::Ended { silently: false }),
            Ok(_) => panic!("nobody is there any more"),
        }
    }
}

#[test]
fn a_stream_that_blocks_blocks() {
    let (mut client, _server) = agreed();
    let blocked = client.stream_mut().read(&mut [0; 10]).unwrap_err();
    assert_eq!(blocked.kind(), ErrorKind::WouldBlock);
}
