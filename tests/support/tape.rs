//! Transcripts made by hand, as JSON Lines.

use tempfile::TempDir;

use super::folder;

/// A transcript of these events, of one conn that the client recorded.
pub(crate) fn tape(events: &[String]) -> String {
    let header = concat!(
        r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","#,
        r#""role":"client","eol":"\n"}"#
    );
    let open = r#"{"dt":0,"ev":"open","conn":1,"addr":"127.0.0.1:1"}"#;
    let lines = [header, open].into_iter().chain(events.iter().map(String::as_str));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A folder with this transcript in it, as `talk.jsonl`.
pub(crate) fn talk_folder(tape: &str) -> TempDir {
    folder(&[("talk.jsonl", tape)])
}

/// The server says a line.
pub(crate) fn server(line: &str) -> String {
    format!(r#"{{"dt":1,"conn":1,"from":"server","line":"{line}"}}"#)
}

/// The server says this, without a line end.
pub(crate) fn prompt(text: &str) -> String {
    format!(r#"{{"dt":1,"conn":1,"from":"server","line":"{text}","eol":""}}"#)
}

/// The client says a line.
pub(crate) fn client(line: &str) -> String {
    format!(r#"{{"dt":1,"conn":1,"from":"client","line":"{line}"}}"#)
}

/// Another conn is opened.
pub(crate) fn opens(conn: u32) -> String {
    format!(r#"{{"dt":1,"ev":"open","conn":{conn},"addr":"127.0.0.1:1"}}"#)
}

/// The conn ends on this side, `client` or `server`, in this way.
pub(crate) fn closes(from: &str, how: &str) -> String {
    format!(r#"{{"dt":1,"conn":1,"ev":"close","from":"{from}","how":"{how}"}}"#)
}

/// The event, on this conn instead of the first.
pub(crate) fn on(conn: u32, event: impl Into<String>) -> String {
    event.into().replace("\"conn\":1", &format!("\"conn\":{conn}"))
}

/// The event, with its text written as bytes: `\\xff` and the like.
pub(crate) fn esc(event: impl Into<String>) -> String {
    event.into().replacen(r#""line":"#, r#""esc":"#, 1)
}

/// An event with something more in it.
pub(crate) fn with(event: impl Into<String>, more: &str) -> String {
    let event = event.into();
    format!("{},{more}}}", event.strip_suffix('}').expect("an object"))
}

/// The transcript, with something more in its header.
pub(crate) fn headed(tape: &str, more: &str) -> String {
    tape.replacen(r#","eol":"#, &format!(r#",{more},"eol":"#), 1)
}

/// The transcript, of an end that ends its lines by CR and LF.
pub(crate) fn crlf(tape: &str) -> String {
    tape.replacen(r#""eol":"\n""#, r#""eol":"\r\n""#, 1)
}
