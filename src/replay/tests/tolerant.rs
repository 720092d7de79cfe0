//! Whatever may differ verifies, whatever may not is named, and bless changes just that.

use proptest::prelude::*;

use super::*;
use crate::matching::Secrets;
use crate::script::Task;
use crate::session::Ending as Closed;
use crate::transcript::json;

/// A line of the server, or what the client says before the next.
#[derive(Debug, Clone)]
enum Kind {
    Plain,
    /// It matches a pattern, which captures what differs.
    Want,
    /// It may be missing, and is or is not.
    Opt(bool),
    /// Its neighbours of the same kind come in another order.
    Group,
    /// A part of it is masked.
    Mask,
    /// The client says what was captured last.
    Client,
}

#[derive(Debug, Clone)]
struct Conversation {
    kinds: Vec<(Kind, u32)>,
}

/// What the server says now, and in which event it was recorded.
type Live = Vec<Option<(usize, Vec<u8>)>>;

fn conversation() -> impl Strategy<Value = Conversation> {
    let kind = prop_oneof![
        2 => Just(Kind::Plain),
        2 => Just(Kind::Want),
        2 => any::<bool>().prop_map(Kind::Opt),
        4 => Just(Kind::Group),
        2 => Just(Kind::Mask),
        2 => Just(Kind::Client),
    ];
    let kinds = prop::collection::vec((kind, any::<u32>()), 1..14);
    let talks = kinds.prop_map(|kinds| Conversation { kinds });
    talks.prop_filter("the server says something", |talk| {
        talk.kinds.iter().any(|(kind, _)| !matches!(kind, Kind::Client | Kind::Opt(false)))
    })
}

/// A word that no other line has.
fn word(index: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(index).unwrap());
    letter.to_string().repeat(12)
}

impl Conversation {
    fn recorded(&self) -> Transcript {
        let mut captured = None;
        let mut events = Vec::new();
        for (index, (kind, salt)) in self.kinds.iter().enumerate() {
            let word = word(index);
            let (mut from, mut marks) = (Side::Server, Marks::NONE);
            let text = match kind {
                Kind::Plain => word,
                Kind::Want => {
                    marks.want = Some(format!("^{word} (?<v{index}>\\d+)$"));
                    captured = Some((format!("v{index}"), *salt));
                    format!("{word} {salt}")
                }
                Kind::Opt(_) => {
                    marks.opt = true;
                    word
                }
                Kind::Group => {
                    marks.group = Some("g".to_owned());
                    word
                }
                Kind::Mask => format!("{word} @{salt}"),
                Kind::Client => {
                    from = Side::Client;
                    match &captured {
                        Some((name, value)) => {
                            marks.send = Some(format!("say ${{{name}}}"));
                            format!("say {value}")
                        }
                        None => "say nothing".to_owned(),
                    }
                }
            };
            let said = Said { from, text: text.into(), eol: Eol::Lf, marks };
            events.push((Some(conn(1)), What::Line(said)));
        }
        let mut transcript = transcript(events);
        transcript.header.mask = vec!["s/@\\d+/@N/".to_owned()];
        transcript
    }

    /// What the server says now; `None` where the client says something.
    fn live(&self) -> Live {
        let mut live: Live = Vec::new();
        for (index, (kind, salt)) in self.kinds.iter().enumerate() {
            let (event, word) = (index + 1, word(index));
            let now = salt / 2;
            match kind {
                Kind::Want => live.push(Some((event, format!("{word} {now}\n").into()))),
                Kind::Mask => live.push(Some((event, format!("{word} @{now}\n").into()))),
                Kind::Opt(false) => {}
                Kind::Plain | Kind::Opt(true) => {
                    live.push(Some((event, format!("{word}\n").into())));
                }
                Kind::Group => {
                    // It comes anywhere among its neighbours.
                    let begin = self.kinds[..index].iter().rev();
                    let many = begin.take_while(|(kind, _)| matches!(kind, Kind::Group)).count();
                    let at = live.len() - *salt as usize % (many + 1);
                    live.insert(at, Some((event, format!("{word}\n").into())));
                }
                Kind::Client => live.push(None),
            }
        }
        live
    }
}

fn player_of(transcript: &Transcript, bless: bool) -> Player {
    let masks: Vec<&str> = transcript.header.mask.iter().map(String::as_str).collect();
    let masks = masked(&masks);
    let part = part_with(transcript, 1, &masks);
    let manner = Manner { bless, ..verify() };
    Player::new(&sheet(transcript, "talk.json", masks, vec![part]), &Vars::default(), manner)
}

/// Plays the server's part to its end, or until the client has failed.
fn hold(transcript: &Transcript, live: &Live, bless: bool, cuts: &[usize]) -> End {
    let mut end = playing(player_of(transcript, bless));
    let (mut cuts, mut millis, mut needed) = (cuts.iter().copied().cycle(), 0, 0);
    for said in live {
        if end.left().is_some() {
            return end;
        }
        let Some((_, bytes)) = said else {
            needed += 1;
            while end.sent(1).lines().count() < needed && end.left().is_none() {
                millis += 50;
                end.until(millis);
            }
            continue;
        };
        let mut rest = &bytes[..];
        while !rest.is_empty() && end.left().is_none() {
            let cut = cuts.next().map_or(rest.len(), |cut| cut.clamp(1, rest.len()));
            end.hears(1, &rest[..cut]);
            rest = &rest[cut..];
        }
    }
    end.until(millis + 1000);
    if end.left().is_none() {
        end.ends(1, Closed::Eof);
        end.until(millis + 2000);
    }
    end
}

/// One line of what the server says, with one letter that is another.
fn changed(live: &Live, which: prop::sample::Index, at: usize) -> Option<(Live, usize)> {
    let lines: Vec<usize> = (0..live.len()).filter(|index| live[*index].is_some()).collect();
    let index = *lines.get(which.index(lines.len().max(1)))?;
    let mut live = live.clone();
    let (event, bytes) = live[index].as_mut()?;
    bytes[at] = if bytes[at] == b'#' { b'%' } else { b'#' };
    let event = *event;
    Some((live, event))
}

proptest! {
    #[test]
    fn what_may_differ_verifies(
        talk in conversation(),
        cuts in prop::collection::vec(1_usize..30, 1..6),
    ) {
        let end = hold(&talk.recorded(), &talk.live(), false, &cuts);
        prop_assert_eq!(&end.failures, &[]);
        let replayed = matches!(end.tasks[..], [Task::Replayed { .. }]);
        prop_assert!(replayed);
        // What was captured is what is said.
        let mut wanted: Vec<String> = Vec::new();
        let mut value = None;
        for (kind, salt) in &talk.kinds {
            match (kind, value) {
                (Kind::Want, _) => value = Some(salt / 2),
                (Kind::Client, Some(value)) => wanted.push(format!("say {value}\n")),
                (Kind::Client, None) => wanted.push("say nothing\n".to_owned()),
                _ => {}
            }
        }
        prop_assert_eq!(end.sent(1), wanted.concat());
    }

    #[test]
    fn what_may_not_differ_is_named(
        talk in conversation(),
        cuts in prop::collection::vec(1_usize..30, 1..6),
        which in any::<prop::sample::Index>(),
        at in 0_usize..12,
    ) {
        let Some((live, event)) = changed(&talk.live(), which, at) else { return Ok(()) };
        let end = hold(&talk.recorded(), &live, false, &cuts);
        prop_assert_eq!(end.failed(), format!("error: event {event} of talk.json differs"));
    }

    #[test]
    fn bless_changes_what_differs_and_nothing_else(
        talk in conversation(),
        which in any::<prop::sample::Index>(),
        at in 0_usize..12,
    ) {
        let Some((live, event)) = changed(&talk.live(), which, at) else { return Ok(()) };
        let end = hold(&talk.recorded(), &live, true, &[]);
        if matches!(talk.kinds[event - 1].0, Kind::Want) {
            prop_assert_eq!(end.failed(), format!("error: event {event} of talk.json differs"));
            let blessed = end.tasks.iter().any(|task| matches!(task, Task::Bless { .. }));
            prop_assert!(!blessed);
            return Ok(());
        }
        prop_assert_eq!(&end.failures, &[]);
        let changes = end.tasks.iter().find_map(|task| match task {
            Task::Bless { changes, .. } => Some(changes),
            _ => None,
        });
        let before = json::write(&talk.recorded(), json::Form::Document);
        let edited = json::edit(&before, changes.unwrap(), &Secrets::default());
        let (after, _) = edited.unwrap();
        let lines = |text: &[u8]| -> Vec<Vec<u8>> {
            text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
        };
        let (old, new) = (lines(&before), lines(&after));
        prop_assert_eq!(old.len(), new.len());
        let differ: Vec<usize> = (0..old.len()).filter(|line| old[*line] != new[*line]).collect();
        prop_assert_eq!(differ, [event]); // the header is line 0
        let blessed = json::parse(&after).unwrap();
        let end = hold(&blessed, &live, false, &[]);
        prop_assert_eq!(&end.failures, &[]);
    }
}
