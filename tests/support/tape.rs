//! Transcripts made by hand, as JSON Lines.

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
