//! Programs that other people wrote, over TLS.

use std::fs;

use tempfile::TempDir;

use super::host;
use crate::support::certs::{Authority, text};
use crate::support::proc::Repl;
use crate::support::tools;

#[test]
fn openssl_is_a_guest_with_either_version() {
    for (version, shown) in [("-tls1_2", "1.2"), ("-tls1_3", "1.3")] {
        let dir = TempDir::new().unwrap();
        let saved = dir.path().join("host.json");
        let mut host = host(&["--save", text(&saved)]);
        let at = format!("127.0.0.1:{}", host.port());
        let args = ["s_client", "-quiet", version, "-connect", &at];
        let Some(openssl) = tools::start("openssl", args) else { return };
        openssl.write("你好\n");
        host.running.wait_stdout("你好\n");
        host.running.write("再见\n");
        openssl.wait_stdout("再见\n");
        host.running.close_stdin();
        openssl.wait().exited(0);
        host.running.wait().exited(0);
        let saved = fs::read_to_string(saved).unwrap();
        assert!(
            saved.contains(&format!(r#""tls":{{"version":"{shown}","cipher":"TLS"#)),
            "{saved}"
        );
    }
}

#[test]
fn openssl_is_a_guest_that_knows_the_host_by_its_authority() {
    let authority = Authority::new();
    let host = host(&authority.signs(&["localhost"]).args());
    let (at, ca) = (format!("127.0.0.1:{}", host.port()), authority.ca());
    let args = ["s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost"];
    let more = ["-CAfile", text(&ca), "-connect", &at];
    let Some(openssl) = tools::start("openssl", args.iter().chain(&more)) else { return };
    openssl.write("verified\n");
    host.running.wait_stdout("verified\n");
}

#[test]
fn ncat_is_a_guest() {
    let mut host = host(&[]);
    let Some(mut ncat) = tools::start("ncat", ["--ssl", "127.0.0.1", host.port()]) else { return };
    ncat.write("你好\n");
    host.running.wait_stdout("你好\n");
    host.running.write("再见\n");
    ncat.wait_stdout("再见\n");
    ncat.close_stdin();
    // It hangs up without a word to TLS.
    host.running.wait_stderr_line("-- conn 1 ended without close_notify: somebody in between may");
    host.running.wait_stderr_line("-- guest-1 left: closed");
    host.running.close_stdin();
    ncat.wait().exited(0);
    host.running.wait().exited(0);
}

#[test]
fn openssl_is_a_server() {
    let authority = Authority::new();
    let held = authority.signs(&["localhost"]);
    for version in ["-tls1_2", "-tls1_3"] {
        let args = ["s_server", "-accept", "127.0.0.1:0", version, "-naccept", "1"];
        let files = ["-cert", text(&held.cert), "-key", text(&held.key)];
        let Some(mut openssl) = tools::start("openssl", args.iter().chain(&files)) else { return };
        let addr = openssl.wait_stdout_line("ACCEPT ").replace("ACCEPT ", "tls:");
        let client = Repl::new().args(["--connect", &addr, "--tls-ca", text(&authority.ca())]);
        let client = client.args(["--tls-name", "localhost", "--linger", "20s"]).spawn();
        client.write("你好\n");
        openssl.wait_stdout("你好\n");
        openssl.write("再见\n");
        client.wait_stdout("再见\n");
        // `Q` at the start of a line ends the server, with close_notify.
        openssl.write("Q\n");
        openssl.close_stdin();
        client.wait().exited(0);
        openssl.wait().exited(0);
    }
}
