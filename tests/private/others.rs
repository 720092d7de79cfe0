//! An implementation that shares no code with this one.

use std::fmt::Write;

use chat_repl::net::private::Code;
use chat_repl::net::private::exchange::{Host, HostHears};

use crate::support::tools;

const BOUND: [u8; 32] = [9; 32];

/// A host with this code meets a guest who is written from the document: whether its guess was right,
/// and whether the host's proof is the one that it waits for.
fn meets(code: &str) -> Option<(bool, bool)> {
    let guest = tools::python("guest.py", ["zoo zebra zero", &hex(&BOUND)])?;
    let mut host = Host::new(code.parse::<Code>().unwrap(), BOUND);
    let hello = guest.wait_stdout_line("0141");
    let HostHears::Say(answer) = host.hears(&bytes(&hello)).unwrap() else { panic!("{hello}") };
    guest.write(format!("{}\n", hex(&answer)));
    let said = String::from_utf8(guest.wait().exited(0).stdout).unwrap();
    let [_, proof, awaited] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    let HostHears::Guess(right) = host.hears(&bytes(proof)).unwrap() else { panic!("{proof}") };
    Some((right, host.verdict(true).get(1..) == Some(&bytes(awaited)[..])))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("memory takes all");
        text
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|two| str::from_utf8(two).unwrap());
    digits.map(|two| u8::from_str_radix(two, 16).unwrap()).collect()
}

#[test]
fn a_guest_written_from_the_document_proves_the_code() {
    let Some(met) = meets("zoo zebra zero") else { return };
    assert_eq!(met, (true, true));
    assert_eq!(meets("zoo zebra zone"), Some((false, false)));
}
