//! Turns as a transcript, for those who replay it.

/// A transcript of a client with this line end, escaped as in JSON, which in each turn says a line and hears
/// another.
pub(crate) fn tape(eol: &str, turns: impl IntoIterator<Item = [String; 2]>) -> String {
    let mut tape = format!(
        "{{\"chat-repl\":\"transcript\",\"version\":1,\"role\":\"client\",\"eol\":\"{eol}\",\
         \"started\":\"2026-10-07T09:15:02.120Z\",\"events\":[\n\
         {{\"dt\":0,\"ev\":\"open\",\"conn\":1,\"addr\":\"127.0.0.1:1\"}}"
    );
    for said in turns {
        for (from, line) in ["client", "server"].into_iter().zip(said) {
            let event =
                [",\n{\"dt\":0.1,\"conn\":1,\"from\":\"", from, "\",\"line\":\"", &line, "\"}"];
            tape.extend(event);
        }
    }
    tape + "\n]}\n"
}
