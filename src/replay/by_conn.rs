//! Which events of a transcript concern which conn: a tap may record thousands of conns, and each of
//! them is looked at on its own.

use std::collections::HashMap;

use crate::transcript::{Transcript, What};
use crate::wire::{ConnId, Side};

/// Where the events of each conn stand, by their index. What names no conn may concern each of them.
#[derive(Debug, Default)]
pub(super) struct ByConn(HashMap<Option<ConnId>, Vec<usize>>);

impl ByConn {
    pub(super) fn of(transcript: &Transcript) -> ByConn {
        let mut events: HashMap<Option<ConnId>, Vec<usize>> = HashMap::new();
        for (index, event) in transcript.events.iter().enumerate() {
            events.entry(event.conn).or_default().push(index);
        }
        ByConn(events)
    }

    /// The events that may concern a conn, in order: its own, and from its opening to its end those
    /// that name no conn.
    pub(super) fn indices(
        &self,
        transcript: &Transcript,
        conn: Option<ConnId>,
    ) -> impl Iterator<Item = usize> + use<'_> {
        let own = self.named(conn);
        let to_all = if conn.is_some() { self.named(None) } else { &[] };
        let is_open = |index: &&usize| matches!(event(transcript, **index), What::Open { .. });
        let begin = own.first().filter(is_open).copied().unwrap_or(0);
        let end = own.last().filter(|_| has_ended(transcript, own)).copied().unwrap_or(usize::MAX);
        let from = to_all.partition_point(|index| *index < begin);
        let to = to_all.partition_point(|index| *index < end);
        let (mut own, mut to_all) =
            (own.iter().peekable(), to_all[from..to.max(from)].iter().peekable());
        std::iter::from_fn(move || match (own.peek(), to_all.peek()) {
            (Some(one), Some(other)) if other < one => to_all.next().copied(),
            (Some(_), _) => own.next().copied(),
            (None, _) => to_all.next().copied(),
        })
    }

    /// Whether the opening of a conn is told.
    pub(super) fn opens(&self, transcript: &Transcript, conn: Option<ConnId>) -> bool {
        let mut own = self.named(conn).iter();
        own.any(|index| matches!(event(transcript, *index), What::Open { .. }))
    }

    fn named(&self, conn: Option<ConnId>) -> &[usize] {
        self.0.get(&conn).map_or(&[], Vec::as_slice)
    }
}

fn event(transcript: &Transcript, index: usize) -> &What {
    &transcript.events[index].what
}

/// Whether both sides have ended with the last of these events.
fn has_ended(transcript: &Transcript, own: &[usize]) -> bool {
    let mut ended = [false; 2];
    for index in own {
        if let What::Close { from, how } = event(transcript, *index) {
            let both = how != "eof";
            ended[0] |= both || *from == Side::Client;
            ended[1] |= both || *from == Side::Server;
        }
    }
    ended == [true; 2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::json;

    /// The events that may concern conn 1, with others on conn 2, by their numbers.
    fn concerning(events: &[&str]) -> Vec<usize> {
        let header = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z"}"#;
        let text = [&[header], events].concat().join("\n") + "\n";
        let transcript = json::parse(text.as_bytes()).unwrap();
        let by_conn = ByConn::of(&transcript);
        by_conn.indices(&transcript, Some(ConnId::FIRST)).map(|index| index + 1).collect()
    }

    const OPEN: &str = r#"{"ev":"open","conn":1,"addr":"a"}"#;
    const OTHER: &str = r#"{"conn":2,"from":"client","line":"x"}"#;
    const TO_ALL: &str = r#"{"from":"server","line":"all"}"#;
    const EOF: &str = r#"{"ev":"close","conn":1,"from":"client","how":"eof"}"#;
    const RESET: &str = r#"{"ev":"close","conn":1,"from":"server","how":"reset"}"#;

    #[test]
    fn what_names_no_conn_concerns_those_that_are_open() {
        assert_eq!(concerning(&[TO_ALL, OPEN, OTHER, TO_ALL, EOF, TO_ALL]), [2, 4, 5, 6]);
        assert_eq!(concerning(&[TO_ALL, OPEN, TO_ALL, RESET, TO_ALL]), [2, 3, 4]);
        assert_eq!(
            concerning(&[TO_ALL, EOF, OTHER, TO_ALL]),
            [1, 2, 4],
            "it was open from the start"
        );
        assert_eq!(concerning(&[TO_ALL, OTHER]), [1]);
    }
}
