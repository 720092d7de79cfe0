//! Every byte survives, whatever it is: on the wire, on standard output, in the transcript.

use std::path::Path;
use std::{fs, io, thread};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::peer::{EchoServer, accept_within, listen};
use crate::support::proc::Repl;

/// Line ends of every kind, NUL, all bytes there are, a broken character, and no last line end.
fn odd_bytes() -> Vec<u8> {
    let mut bytes = b"lf\ncrlf\r\nbare\rcr\r\r\n\n\r\nnul\0nul\n/quit\n//x\n/# y\n".to_vec();
    bytes.extend(0..=255);
    bytes.extend((0..=255).rev());
    bytes.extend(b"\n\xe4\xbd\n\xa0\xc3(\xf0\x9f\x98\n\\xff \\\\ \"quoted\"\tunended \xe4\xbd");
    bytes
}

fn client(echo: &EchoServer) -> Repl {
    Repl::new().args(["--connect", &echo.addr()])
}

/// What each side of a transcript said, put together again by somebody who knows only the format.
fn said(file: &Path) -> [Vec<u8>; 2] {
    let mut said = [Vec::new(), Vec::new()];
    for line in fs::read_to_string(file).unwrap().lines() {
        let Ok(event) = serde_json::from_str::<Value>(line.trim_end_matches(',')) else { continue };
        let Some(from) = event["from"].as_str().filter(|_| event["ev"].is_null()) else { continue };
        let side = &mut said[usize::from(from == "server")];
        match (event["line"].as_str(), event["esc"].as_str()) {
            (Some(line), None) => side.extend_from_slice(line.as_bytes()),
            (None, Some(esc)) => side.extend(unescaped(esc)),
            both => panic!("{line}: {both:?}"),
        }
        side.extend_from_slice(event["eol"].as_str().unwrap_or("\n").as_bytes());
    }
    said
}

fn unescaped(esc: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), esc.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        let (byte, len) = match (first, after) {
            (b'\\', [b'\\', ..]) => (b'\\', 2),
            (b'\\', [b'x', high, low, ..]) => {
                let hex = str::from_utf8(&[*high, *low]).map(|hex| u8::from_str_radix(hex, 16));
                (hex.unwrap().unwrap(), 4)
            }
            (b'\\', other) => panic!("an escape that is none: {}", other.escape_ascii()),
            _ => (first, 1),
        };
        bytes.push(byte);
        rest = &rest[len..];
    }
    bytes
}

#[test]
fn every_byte_comes_back_from_an_echo_server_unchanged() {
    let echo = EchoServer::start();
    let bytes = odd_bytes();
    let plain = client(&echo).args(["--plain"]).stdin(&bytes).spawn().wait().exited(0);
    assert_eq!(plain.stdout.escape_ascii().to_string(), bytes.escape_ascii().to_string());
}

#[test]
fn every_byte_is_in_the_transcript_unchanged() {
    let dir = TempDir::new().unwrap();
    let bytes = odd_bytes();
    for form in ["--record", "--save"] {
        for name in ["a.json", "a.jsonl"] {
            let file = dir.path().join(format!("{form}-{name}"));
            let echo = EchoServer::start();
            let recording = client(&echo).args(["--plain", form, file.to_str().unwrap()]);
            recording.stdin(&bytes).run().success();
            for side in said(&file) {
                assert_eq!(side.escape_ascii().to_string(), bytes.escape_ascii().to_string());
            }
        }
    }
}

#[test]
fn a_script_sends_every_byte_of_a_text_line() {
    let echo = EchoServer::start();
    let bytes: Vec<u8> = (0..=255).filter(|byte| *byte != b'\n').chain(*b"\n").collect();
    client(&echo).stdin(&bytes).run().success().stdout(bytes);
}

#[test]
fn raw_sends_any_byte_and_no_line_end() {
    let echo = EchoServer::start();
    let script = "/raw \\x00\\xff\\r\\n\\t\\\\\n/raw caf\\xe9\n";
    client(&echo).stdin(script).run().success().stdout(&b"\x00\xff\r\n\t\\caf\xe9"[..]);
}

#[test]
fn a_guest_s_bytes_reach_the_host_and_the_host_s_the_guest() {
    let bytes = odd_bytes();
    let mut host = Repl::new().args(["--listen", "127.0.0.1:0", "--plain"]).spawn();
    let guest = Repl::new().args(["--connect", &host.listening_addr(), "--plain"]).stdin(&bytes);
    let guest = guest.spawn();
    // With nothing more to say, the end of the host would be the end of the guest.
    host.wait_stdout(&bytes);
    host.write(&bytes);
    host.close_stdin();
    let guest = guest.wait().exited(0);
    assert_eq!(guest.stdout.escape_ascii().to_string(), bytes.escape_ascii().to_string());
    let host = host.wait().exited(0);
    assert_eq!(host.stdout.escape_ascii().to_string(), bytes.escape_ascii().to_string());
}

#[test]
fn a_line_longer_than_max_line_is_recorded_whole_in_pieces() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("t.jsonl");
    let echo = EchoServer::start();
    let line = [odd_bytes().repeat(300), b"\nshort\n".to_vec()].concat();
    let line: Vec<u8> = line.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
    let args = ["--plain", "--max-line", "16KiB", "--record", file.to_str().unwrap()];
    let left = client(&echo).args(args).stdin(&line).spawn().wait().exited(0);
    assert!(left.stdout == line, "it came back otherwise");
    let longest = fs::read_to_string(&file).unwrap().lines().map(str::len).max();
    assert!(longest.unwrap() < 5 * (16 << 10), "an event of {longest:?} bytes");
    for side in said(&file) {
        assert!(side == line, "it was recorded otherwise");
    }
}

#[test]
fn a_line_of_100_mib_comes_back_unchanged() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    // An odd length, so that no two reads begin at the same place of it, and no line end.
    let block: Vec<u8> =
        (0..65_521_u32).map(|n| b"abcdefghijklmnopqrstuvw"[n as usize % 23]).collect();
    let length = block.len() * ((100 << 20) / block.len() + 1);
    fs::write(&data, block.repeat(length / block.len())).unwrap();
    let (listener, addr) = listen();
    // One that does not gather what it hears.
    let echo = thread::spawn(move || {
        let stream = accept_within(&listener);
        io::copy(&mut &stream, &mut &stream).unwrap();
    });
    let args = ["--connect", &addr.to_string(), "--plain"];
    let left = Repl::new().args(args).stdin_file(&data).spawn().wait().exited(0);
    echo.join().unwrap();
    assert_eq!(left.stdout.len(), length);
    assert!(left.stdout.chunks(block.len()).all(|chunk| chunk == block), "it came back otherwise");
}
