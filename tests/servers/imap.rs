//! Dialogues with an IMAP server, which numbers mails and boxes.

use predicates::str::contains;

use super::tape::{Tape, masks};
use crate::support::servers::{IMAP, Server, Twist};

/// A login; a mail by the number that it has for ever; and one that is added, of any bytes.
const SCRIPT: &str = r"/expect -n ^\* OK 
/send a LOGIN bob ${POP3_PASSWORD}
/expect ^a OK 
b SELECT INBOX
/all
* ^\* OK \[UIDVALIDITY \d+\]
* ^\* 2 EXISTS$
* ^b OK
? ^\* 
/end
c UID SEARCH SUBJECT lunch
/expect -n ^\* SEARCH (?<uid>\d+)$
/expect -n ^c OK
/send d UID FETCH ${uid} (INTERNALDATE BODY.PEEK[])
/expect -n ^\* 1 FETCH \(UID ${uid} INTERNALDATE .* BODY\[\] \{\d+\}$
/expect ^\)$
/expect -n ^d OK
e APPEND INBOX {21}
/expect ^\+ 
/raw Subject: x\r\n\r\n\xff\n\r\n.\r\n\r\n
/expect ^e OK \[APPENDUID \d+ (?<added>\d+)\]
/send f UID STORE ${added} +FLAGS (\Deleted)
/expect ^f OK
g EXPUNGE
/expect ^g OK
z LOGOUT
/expect ^z OK
/expect-eof
";

const UIDS: &str = r"s/\b(UID|APPENDUID|UIDVALIDITY|UIDNEXT)( \d+)+/$1 N/";
const MASKS: [&str; 3] =
    [UIDS, r"s/\(\d\.\d+ [^)]*secs\)/(TIME)/", r#"s/INTERNALDATE "[^"]*"/INTERNALDATE "DATE"/"#];

#[test]
fn numbers_and_dates_of_an_imap_server_hold_with_masks_and_captures() {
    let (Some(one), Some(fresh)) = (Server::start(&IMAP), Server::start(&IMAP)) else { return };
    let tape = Tape::record_with(&one, SCRIPT, &["--secret", "POP3_PASSWORD"]);
    let text = tape.text();
    for part in [
        r#""line":"a LOGIN bob ${POP3_PASSWORD}","secret":["POP3_PASSWORD"]}"#,
        r#""send":"d UID FETCH ${uid} (INTERNALDATE BODY.PEEK[])"}"#,
        r#""from":"client","esc":"\\xff","eol":"\n"}"#,
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    for imap in [&one, &fresh, &fresh] {
        tape.holds(imap, &masks(&MASKS));
    }
    tape.differs(&fresh, &masks(&MASKS[1..]), "[UIDVALIDITY ");
}

#[test]
fn another_greeting_of_an_imap_server_is_blessed_and_nothing_else() {
    let greets = Twist::Settings("ssl = no\n", "ssl = no\nlogin_greeting = Here I am.\n");
    let (Some(one), Some(other)) = (Server::start(&IMAP), Server::start_with(&IMAP, &greets))
    else {
        return;
    };
    let tape = Tape::record_with(&one, SCRIPT, &["--secret", "POP3_PASSWORD"]);
    tape.mask(&MASKS);
    let told = tape.differs(&other, &[], r#""line":"* OK [CAPABILITY "#);
    told.stderr(contains("AUTH=PLAIN] Here I am.\n"));
    let before = tape.text();
    tape.replay(&other, &["--bless"])
        .success()
        .stderr(contains("-- blessed talk.json: 1 line changed, 0 added, 0 removed\n"));
    let after = tape.text();
    let changed: Vec<_> = before.lines().zip(after.lines()).filter(|(was, is)| was != is).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    tape.holds(&other, &[]);
    tape.differs(&one, &[], "Here I am.");
}

/// One conn is told what the other does, at a moment that the server chooses.
const IDLE: &str = r"/expect ^\* OK
/send a LOGIN bob ${POP3_PASSWORD}
/expect ^a OK
b SELECT INBOX
/expect ^b OK
c IDLE
/expect ^\+ 
/open second ${addr}
/on second
/expect ^\* OK
/send a LOGIN bob ${POP3_PASSWORD}
/expect ^a OK
b APPEND INBOX {12}
/expect ^\+ 
/raw Subject: x\r\n\r\n
/expect ^b OK \[APPENDUID \d+ (?<uid>\d+)\]
/on main
/expect ^\* 3 EXISTS
/expect ^\* \d RECENT
DONE
/expect ^c OK
/send d UID STORE ${uid} +FLAGS.SILENT (\Deleted)
/expect ^d OK
e EXPUNGE
/expect ^\* 3 EXPUNGE
/expect ^e OK
z LOGOUT
/expect ^z OK
/expect-eof
/on second
z LOGOUT
/expect ^z OK
/expect-eof
";

#[test]
fn a_mail_that_one_conn_adds_is_told_to_another_and_deleted_there() {
    let (Some(one), Some(fresh)) = (Server::start(&IMAP), Server::start(&IMAP)) else { return };
    let tape = Tape::record_with(&one, IDLE, &["--secret", "POP3_PASSWORD"]);
    tape.mask(&MASKS);
    // Whose a recent mail is hangs on who is faster.
    let recent = masks(&[r"s/^\* \d RECENT$/* N RECENT/", r"s/ \\Recent\b//"]);
    for imap in [&one, &fresh, &fresh] {
        tape.holds(imap, &recent);
    }
    // Which mail it is was told on the other conn.
    tape.edit(r#","send":"d UID STORE ${uid} +FLAGS.SILENT (\\Deleted)""#, "");
    tape.differs(&fresh, &recent, r#""line":"* 3 EXPUNGE""#);
}
