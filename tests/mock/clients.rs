//! Clients that other people wrote: recorded with real servers, then served by mocks.

use std::fs;

use super::recorded::Recorded;
use crate::support::proc::stdout;
use crate::support::servers::{IMAP, IRC, PASSWORD, POP3, REDIS, SMTP, Server, Twist};
use crate::support::tools::{require, require_python};
use crate::support::{DEADLINE, project};

const MAIL: &str =
    "From: alice@example.org\r\nTo: bob@example.org\r\nSubject: Lunch\r\n\r\nAt noon?\r\n";

/// Hands in a mail. Who curl says it is stands in the path.
const SENDS: &str = "curl -sS --noproxy '*' smtp://${addr}/client.example --mail-from alice@example.org \
                     --mail-rcpt bob@example.org -T mail";

/// The date of the greeting, and the name that a mail is given.
const SMTP_MASKS: [&str; 4] = [
    "--mask",
    r"s/\w{3}, \d+ \w{3} \d{4} [\d:]{8} [+-]\d{4}$/DATE/",
    "--mask",
    r"s/\bid=\w{6}-\w{6,11}-\w{2,4}$/id=ID/",
];

#[test]
fn curl_hands_a_mail_to_a_mock_as_to_the_server() {
    let (Some(smtp), Some(_)) = (Server::start(&SMTP), require("curl")) else { return };
    let curl = Recorded::through_a_tap(&smtp, &[("mail", MAIL)], SENDS, &[]);
    let tape = curl.tape();
    for part in
        ["EHLO client.example", "MAIL FROM:<alice@example.org> SIZE=", "At noon?", "250 OK id="]
    {
        assert!(tape.contains(part), "{tape}");
    }
    curl.verifies(&smtp, &SMTP_MASKS);
    curl.is_mocked(10, &[]);
    curl.is_mocked(3, &["--match", "any"]);
    curl.is_a_test(&[]);
}

#[test]
fn a_changed_mail_is_told_with_what_was_recorded() {
    let (Some(smtp), Some(_)) = (Server::start(&SMTP), require("curl")) else { return };
    let curl = Recorded::through_a_tap(&smtp, &[("mail", MAIL)], SENDS, &[]);
    fs::write(curl.path("other"), MAIL.replace("noon", "nine")).unwrap();
    let other = SENDS.replace("-T mail", "-T other");
    let told = curl.finds_fault(&other, &[]).stderr;
    let differs = "   = recorded: At noon?\n   = came:     At nine?\n";
    assert!(told.contains("error: guest-1: event ") && told.contains(differs), "{told}");
    let told = curl.finds_fault(&other, &["--match", "any"]).stderr;
    let nearest = "error: guest-1: no line of tape.json is this one\n   = nearest is event ";
    assert!(told.contains(nearest) && told.contains(differs), "{told}");
    // The test says both what the mock and what curl found.
    let test = ["test", "tape.json", "--client", &other];
    let told = curl.repl(&test).run().code(1);
    let told = stdout(&told);
    assert!(
        told.contains(differs) && told.contains("\nerror: the client failed: exit status: "),
        "{told}"
    );
    assert!(told.contains("\nthe client said meanwhile:\n  curl: ("), "{told}");
}

/// Values with line ends and NUL in them, there and back; what `redis-cli` asks when it is given commands
/// by a pipe; and the newer protocol.
const ASKS: &str = "set -e; ask() { redis-cli -p ${port} \"$@\"; }
ask -x SET chat-repl:value < value
ask GET chat-repl:value
ask SET chat-repl:count 40
printf 'INCR chat-repl:count\\nINCR chat-repl:count\\n' | ask
ask -3 HGETALL chat-repl:none
ask DEL chat-repl:value chat-repl:count";

#[test]
fn redis_cli_is_served_by_a_mock_as_by_the_server() {
    let (Some(redis), Some(_)) = (Server::start(&REDIS), require("redis-cli")) else { return };
    let value = "one\r\ntwo\0three\nfour";
    let files = [("value", value)];
    // The commands that a server has come in any order.
    let few: String =
        ASKS.lines().filter(|line| !line.contains('|')).collect::<Vec<_>>().join("\n");
    let cli = Recorded::through_a_tap(&redis, &files, &few, &[]);
    cli.verifies(&redis, &["--mask", r"s/^:\d+$/:N/"]);
    cli.is_mocked(1, &[]);
    let cli = Recorded::through_a_tap(&redis, &files, ASKS, &[]);
    let tape = cli.tape();
    for part in ["two\\u0000three", "\"$19\"", "HELLO", "DOCS"] {
        assert!(tape.contains(part), "no {part} in {} bytes", tape.len());
    }
    cli.is_mocked(1, &[]);
    cli.is_a_test(&[]);
    cli.is_mocked(4, &["--match", "any"]);
    cli.is_a_test(&["--match", "any"]);
}

/// Fetches a mail by curl, which says the password in base64.
fn fetch(url: &str) -> String {
    format!("curl -sS --noproxy '*' '{url}' -u bob:{PASSWORD} --login-options AUTH=PLAIN")
}

/// Fetches a mail by a library that says the password as it is.
fn poplib() -> String {
    format!(
        "python3 -c \"import poplib; p = poplib.POP3('127.0.0.1', ${{port}}); p.user('bob'); \
         p.pass_('{PASSWORD}'); print(p.retr(1)); p.quit()\""
    )
}

const SECRET: &[&str] = &["--secret", "POP3_PASSWORD"];

/// Whether it says the password: in plain, or in base64 behind `\0bob\0`.
fn says_password(text: &str) -> bool {
    [PASSWORD, "AGJvYgBzZXNhbWU"].iter().any(|said| text.contains(said))
}

#[test]
fn a_mail_is_fetched_by_pop3_from_a_mock_whose_tape_has_no_password() {
    let Some(pop3) = Server::start(&POP3) else { return };
    for (tool, command) in [("curl", fetch("pop3://${addr}/1")), ("python3", poplib())] {
        if require(tool).is_none() {
            continue;
        }
        let client = Recorded::through_a_tap(&pop3, &[], &command, SECRET);
        let tape = client.tape();
        assert!(!says_password(&tape) && tape.contains("POP3_PASSWORD"), "{tape}");
        // By the stamp of its greeting, another each time, clients could log in as well.
        client.verifies(&pop3, &["--mask", "s/<.*>$/<STAMP>/"]);
        client.is_mocked(5, &[]);
        client.is_a_test(&[]);
        let wrong = command.replace(PASSWORD, "sesamo");
        let told = client.finds_fault(&wrong, &[]).stderr;
        assert!(told.contains("error: guest-1: event ") && !says_password(&told), "{told}");
    }
}

#[test]
fn a_mail_is_fetched_by_imap_from_a_mock_whose_tape_has_no_password() {
    let (Some(imap), Some(_)) = (Server::start(&IMAP), require("curl")) else { return };
    let command = fetch("imap://${addr}/INBOX;MAILINDEX=1");
    let curl = Recorded::through_a_tap(&imap, &[], &command, SECRET);
    let tape = curl.tape();
    assert!(!says_password(&tape) && tape.contains("POP3_PASSWORD"), "{tape}");
    curl.verifies(&imap, &IMAP_MASKS);
    curl.is_mocked(5, &[]);
    curl.is_a_test(&[]);
    curl.is_mocked(2, &["--match", "any"]);
    let wrong = command.replace(PASSWORD, "sesamo");
    let told = curl.finds_fault(&wrong, &[]).stderr;
    assert!(told.contains("error: guest-1: event ") && !says_password(&told), "{told}");
}

/// Which mails are new, and how long a command took.
const IMAP_MASKS: [&str; 6] = [
    "--mask",
    r"s/^\* \d RECENT$|UNSEEN \d+/-/",
    "--mask",
    r"s/FLAGS \(\\Seen( \\Recent)?\) //",
    "--mask",
    r"s/\(\d\.\d+ [^)]*secs\)/-/",
];

/// Runs the client of a library.
fn meets(more: &str) -> Option<String> {
    let python = require_python("irc.client")?;
    let client = project().join("tests/support/python/irc_client.py");
    let client = format!("{} -u {}", python.display(), client.display());
    Some(format!(
        "timeout {} {client} 127.0.0.1 ${{port}} 'Who is for lunch?'{more}",
        DEADLINE.as_secs()
    ))
}

#[test]
fn a_client_of_an_irc_library_meets_a_mock_as_the_server() {
    // A number of its own is said to each client, who has to say it back.
    let asks = Twist::Settings("PAM = no\n", "PAM = no\nRequireAuthPing = yes\n");
    let (Some(irc), Some(command)) = (Server::start_with(&IRC, &asks), meets("")) else { return };
    let client = Recorded::through_a_tap(&irc, &[], &command, &[]);
    let tape = client.tape();
    for part in ["\"line\":\"PING :", "\"line\":\"PONG ", "PRIVMSG #chat-repl :Who is for lunch?"] {
        assert!(tape.contains(part), "{tape}");
    }
    client.is_mocked(10, &[]);
    client.is_a_test(&[]);
    client.is_mocked(3, &["--match", "any"]);
    // One that asks whether the server is there does so where nobody did.
    let pings = Recorded { command: meets(" ping").unwrap(), ..client };
    let test = ["test", "tape.json", "--client", &pings.command];
    let told = pings.repl(&test).run().code(1);
    let told = stdout(&told);
    assert!(told.contains("   = came:     PING there\n"), "{told}");
}

#[test]
fn a_client_that_asks_at_its_own_time_is_answered_in_any_order() {
    let (Some(irc), Some(command)) = (Server::start(&IRC), meets(" ping")) else { return };
    let client = Recorded::through_a_tap(&irc, &[], &command, &[]);
    client.verifies(&irc, &["--mask", r"s/(connection count: \d+) \(.*\)$/$1/"]);
    client.is_mocked(3, &[]);
    // As if it had asked before it joined.
    let tape = client.tape();
    let lines: Vec<&str> = tape.lines().collect();
    let at = |part: &str| lines.iter().position(|line| line.contains(part)).unwrap();
    let [joins, asks, answer] = [at("JOIN #"), at("PING there"), at(" PONG ")];
    let mut order: Vec<usize> =
        (0..lines.len()).filter(|line| ![asks, answer].contains(line)).collect();
    order.splice(joins..joins, [asks, answer]);
    let moved: String = order.iter().flat_map(|line| [lines[*line], "\n"]).collect();
    fs::write(client.path("tape.json"), moved).unwrap();
    client.is_mocked(3, &["--match", "any"]);
    client.is_a_test(&["--match", "any"]);
    let (mock, addr) = client.mock(&[]);
    client.client(&addr).wait();
    let told = mock.wait().exited(1).stderr;
    assert!(told.contains("   = recorded: PING there\n"), "{told}");
}
