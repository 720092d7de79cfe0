//! The client's side of a transcript, for many clients to play again and again.
//!
//! A client has what it needs to know where it is, and shares the rest. As long as the peer says what it
//! is to say, a turn is compared as a whole: byte for byte, or line by line where there are patterns or
//! masks. At the first thing that is anything else a [`Player`] takes over, which knows how far the client
//! has come, and does and tells what it does in any replay.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::load::{Conns, Given, LoadError, read};
use super::manner::Manner;
use super::mismatch;
use super::part::{Action, Closes, Doing, Part};
use super::player::Player;
use super::sheet::Sheet;
use super::words::all_words;
use crate::matching::Vars;
use crate::matching::hearing::Item;
use crate::script::{Failure, Play};
use crate::units::{At, Pace};
use crate::wire::Side;

/// The client's side of a transcript. Clones share it.
#[derive(Debug, Clone)]
pub struct Score {
    sheet: Sheet,
    /// None where a [`Player`] has to play all of it.
    turns: Option<Arc<[Turn]>>,
    manner: Manner,
    /// The most bytes that are held of a line that has not ended.
    max_line: usize,
    /// What is said or compared depends on variables.
    uses_vars: bool,
}

/// What our side says at once, and what the peer says then. In the first of all our side says nothing.
#[derive(Debug)]
struct Turn {
    /// Which of the actions say it.
    actions: Range<usize>,
    say: Saying,
    /// Which items the peer says.
    items: Range<usize>,
    hear: Hearing,
}

#[derive(Debug)]
enum Saying {
    /// These bytes.
    Same(Bytes),
    /// What comes of variables.
    Filled(Vec<Action>),
}

#[derive(Debug)]
enum Hearing {
    /// These bytes.
    Exactly(Bytes),
    /// Lines, one after the other.
    Lines,
}

/// Where one client is in a [`Score`].
#[derive(Debug, Default)]
pub struct Cue {
    /// The turn whose reply comes, or is next to begin.
    turn: usize,
    /// It has begun.
    begun: bool,
    /// How much of the reply has come and is as it is to be, in bytes.
    came: usize,
    /// The item that is next, where lines are compared one by one.
    item: usize,
    /// All that has come of such a reply.
    held: Vec<u8>,
    vars: Vars,
    half_closed: bool,
}

/// What became of what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replied {
    /// The reply is complete.
    Whole,
    /// More of it must come.
    NotYet,
    /// It may not be what is to come.
    Odd,
}

/// Loads `FILE`, or `FILE#CONN`, for many clients to play the client's side of it, with the secrets put
/// back. Of a line longer than `max_line`, in bytes, no more is held before it is compared.
///
/// # Errors
/// The file cannot be read, or does not say what to play: it has several conns, and none is named.
pub fn score(
    name: &Path,
    manner: Manner,
    max_line: usize,
    given: Given<'_>,
) -> Result<Score, LoadError> {
    let loaded = read(name, given, Conns::Only, Side::Client, Closes::LeftOut)?;
    Ok(Score::new(Sheet::new(loaded), manner, max_line))
}

impl Score {
    pub(super) fn new(sheet: Sheet, manner: Manner, max_line: usize) -> Score {
        let turns = turns(&sheet).filter(|_| manner.pace == Pace::Wait);
        let fills = |(_, action): &(usize, Action)| matches!(action.what, Doing::Send(..));
        let patterns = || sheet.parts.iter().flat_map(|part| part.items.iter());
        let uses_vars = sheet.actions().any(|action| fills(&action))
            || patterns().any(|item| item.want().is_some());
        Score { turns: turns.map(Arc::from), sheet, manner, max_line, uses_vars }
    }

    /// What there is to tell of a transcript in which the peer says nothing.
    #[must_use]
    pub fn checks_nothing(&self) -> Option<Failure> {
        let empty = self.sheet.parts.iter().all(|part| part.items.is_empty());
        empty.then(|| mismatch::nothing_checked(&self.sheet.file))
    }

    /// What the file is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.sheet.file
    }

    /// Whether variables make a difference.
    #[must_use]
    pub fn uses_vars(&self) -> bool {
        self.uses_vars
    }

    /// Whether turns are compared as a whole, for as long as the peer says what it is to say.
    #[must_use]
    pub fn has_turns(&self) -> bool {
        self.turns.is_some()
    }

    /// What plays all of it.
    #[must_use]
    pub fn player(&self, vars: &Vars) -> Box<dyn Play> {
        Box::new(Player::new(&self.sheet, vars, self.manner.clone()))
    }

    fn turn(&self, cue: &Cue) -> Option<&Turn> {
        self.turns.as_ref()?.get(cue.turn)
    }

    fn item(&self, index: usize) -> Option<&Item> {
        self.sheet.parts.first()?.items.get(index)
    }
}

impl Cue {
    /// Begins anew, with these variables.
    pub fn begin(&mut self, vars: Vars) {
        self.held.clear();
        let held = std::mem::take(&mut self.held);
        *self = Cue { held, vars, ..Cue::default() };
    }

    /// Whether a reply is to come.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.begun
    }

    /// What to say next; `None` where all was said.
    ///
    /// # Errors
    /// A variable in it has no value, or the encoding lacks a character.
    #[must_use]
    pub fn next<'s>(&self, score: &'s Score) -> Option<Result<Cow<'s, Bytes>, Box<Failure>>> {
        let turn = score.turn(self)?;
        Some(match &turn.say {
            Saying::Same(bytes) => Ok(Cow::Borrowed(bytes)),
            Saying::Filled(actions) => {
                let Sheet { file, masks, .. } = &score.sheet;
                all_words(file, actions, &self.vars, masks.encoding()).map(Cow::Owned)
            }
        })
    }

    /// What was next is said. Whether there is a reply to it.
    pub fn said(&mut self, score: &Score) -> bool {
        let Some(turn) = score.turn(self) else { return false };
        let replied = !turn.items.is_empty();
        (self.begun, self.came, self.item) = (replied, 0, turn.items.start);
        self.held.clear();
        self.turn += usize::from(!replied);
        replied
    }

    /// The variables, with what was captured.
    #[must_use]
    pub fn vars(&self) -> &Vars {
        &self.vars
    }

    /// Our side has ended.
    pub fn shut(&mut self) {
        self.half_closed = true;
    }

    /// Compares what came.
    pub fn hear(&mut self, score: &Score, bytes: &[u8]) -> Replied {
        if !self.begun {
            return Replied::Odd;
        }
        let Some(turn) = score.turn(self) else { return Replied::Odd };
        match &turn.hear {
            Hearing::Exactly(all) => {
                let rest = &all[self.came..];
                if rest == bytes {
                    self.replied();
                    return Replied::Whole;
                }
                if !rest.starts_with(bytes) {
                    return Replied::Odd;
                }
                self.came += bytes.len();
                Replied::NotYet
            }
            Hearing::Lines => self.hear_lines(score, turn.items.end, bytes),
        }
    }

    fn hear_lines(&mut self, score: &Score, end: usize, bytes: &[u8]) -> Replied {
        // No line ends in what was held before.
        let mut sought = self.held.len();
        self.held.extend_from_slice(bytes);
        while let Some(at) = memchr(b'\n', &self.held[sought..]) {
            let line = &self.held[self.came..=sought + at];
            let Some(item) = score.item(self.item).filter(|_| self.item < end) else {
                return Replied::Odd;
            };
            if item.want().is_some() || item.bytes() != line {
                let found = item.find(line, &score.sheet.masks, &self.vars);
                let Ok(Some(found)) = found else { return Replied::Odd };
                self.vars.capture_all(&found);
            }
            sought += at + 1;
            self.came = sought;
            self.item += 1;
        }
        let unended = self.held.len() - self.came;
        match (self.item == end, unended) {
            (true, 0) => {
                self.replied();
                Replied::Whole
            }
            (true, _) => Replied::Odd,
            (false, _) if unended > score.max_line => Replied::Odd,
            (false, _) => Replied::NotYet,
        }
    }

    fn replied(&mut self) {
        self.begun = false;
        self.turn += 1;
    }

    /// What goes on in its place, with nothing done on either side since then; and what had come of the
    /// reply before these last bytes, which were odd.
    #[must_use]
    pub fn player(&self, score: &Score, since: At, odd: &[u8]) -> (Box<dyn Play>, Bytes) {
        let mut player = Player::new(&score.sheet, &self.vars, score.manner.clone());
        let (mut action, mut item) = (usize::MAX, usize::MAX);
        let mut came = Bytes::new();
        if let Some(turn) = score.turn(self) {
            (action, item) = (turn.actions.start, turn.items.start);
            if self.begun {
                action = turn.actions.end;
                came = match &turn.hear {
                    Hearing::Exactly(all) => all.slice(..self.came),
                    // Those of the last read are in it.
                    Hearing::Lines => {
                        let before = self.held.len() - odd.len().min(self.held.len());
                        Bytes::copy_from_slice(&self.held[..before])
                    }
                };
            }
        }
        player.resume(since, action, item, self.half_closed);
        (Box::new(player), came)
    }
}

/// The turns of a conn; `None` where its replies can be understood in several ways, or one side ends
/// before the other has said all.
fn turns(sheet: &Sheet) -> Option<Vec<Turn>> {
    let [part] = &*sheet.parts else { return None };
    let actions: Vec<Action> = sheet.actions().map(|(_, action)| action).collect();
    let ends = |action: &Action| part.end.as_ref().is_some_and(|end| end.event < action.event);
    let fixed = |item: &Item| !item.is_opt() && item.group().is_none();
    let says = actions.iter().all(|action| action.what.says() && !ends(action));
    if !says || !part.items.iter().all(fixed) {
        return None;
    }
    let before = |event: usize| part.sources.partition_point(|source| source.last() < event);
    let mut begins: Vec<usize> = actions.iter().map(|action| before(action.event)).collect();
    begins.push(part.items.len());
    let mut turns = vec![turn(part, &[], 0, 0..begins[0])?];
    let mut first = 0;
    for next in 1..=actions.len() {
        if begins[next] != begins[first] || next == actions.len() {
            turns.push(turn(part, &actions[first..next], first, begins[first]..begins[next])?);
            first = next;
        }
    }
    Some(turns)
}

fn turn(part: &Part, actions: &[Action], first: usize, items: Range<usize>) -> Option<Turn> {
    let mut same = BytesMut::new();
    let is_same = actions.iter().all(|action| match &action.what {
        Doing::Say(bytes) => {
            same.extend_from_slice(bytes);
            true
        }
        _ => false,
    });
    let say = if is_same { Saying::Same(same.freeze()) } else { Saying::Filled(actions.to_vec()) };
    let expected = &part.items[items.clone()];
    let hear = if expected.iter().all(Item::is_exact) {
        Hearing::Exactly(expected.iter().flat_map(|item| item.bytes().iter().copied()).collect())
    } else if expected.iter().all(|item| !item.is_partial()) {
        Hearing::Lines
    } else {
        return None;
    };
    Some(Turn { actions: first..first + actions.len(), say, items, hear })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::tests::{masked, sheet_of, verify};

    fn score(lines: &[&str]) -> Score {
        Score::new(sheet_of(lines, masked(&[])), verify(), 1 << 20)
    }

    #[test]
    fn turns_are_what_is_said_at_once_and_the_reply() {
        let score = score(&["< hi\n", "> a\n", "> b\n", "< 1\n", "< 2\n", "> c\n", "> d\n"]);
        let mut cue = Cue::default();
        cue.begin(Vars::default());
        let mut said = Vec::new();
        let mut replies = [&b"hi\n"[..], b"1\n2\n"].into_iter();
        while let Some(next) = cue.next(&score) {
            said.push(next.unwrap().into_owned());
            if cue.said(&score) {
                let reply = replies.next().unwrap();
                assert_eq!(cue.hear(&score, &reply[..1]), Replied::NotYet);
                assert_eq!(cue.hear(&score, &reply[1..]), Replied::Whole);
            }
        }
        assert_eq!(said, [&b""[..], b"a\nb\n", b"c\nd\n"]);
    }

    #[test]
    fn masked_lines_are_compared_one_by_one() {
        let lines = ["> a\n", "< at 1\n", "< done 1\n"];
        let score = Score::new(sheet_of(&lines, masked(&[r"s/\d/N/"])), verify(), 20);
        let mut cue = Cue::default();
        for (reply, replied) in [
            (&b"at 7\ndone 8\n"[..], Replied::Whole),
            (b"at 7\ndon", Replied::NotYet),
            (b"at x\n", Replied::Odd),
            (b"at 7\ndone 8\nmore", Replied::Odd),
            (b"at 7\ndone 123456789 123456", Replied::Odd),
        ] {
            cue.begin(Vars::default());
            assert!(!cue.said(&score), "nothing comes before our side has spoken");
            assert!(cue.said(&score));
            assert_eq!(cue.hear(&score, reply), replied);
        }
    }

    #[test]
    fn a_player_that_takes_over_gets_what_had_come_of_the_reply() {
        let score = score(&["> a\n", "< 1\n", "< 2\n"]);
        let mut cue = Cue::default();
        cue.begin(Vars::default());
        assert!(!cue.said(&score));
        assert!(cue.said(&score));
        assert_eq!(cue.hear(&score, b"1\n"), Replied::NotYet);
        assert_eq!(cue.hear(&score, b"3\n"), Replied::Odd);
        assert_eq!(cue.player(&score, At::START, b"3\n").1, "1\n");
    }
}
