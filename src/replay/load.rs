//! From a file to something that can be played.

use std::path::{Path, PathBuf};

use super::by_conn::ByConn;
use super::manner::Manner;
use super::part::{Closes, Part};
use super::player::Player;
use super::sheet::Sheet;
use crate::matching::{Mask, MaskError, Masks, MissingSecret};
use crate::script::{Blame, Failure, Report, Settings};
use crate::transcript::{Named, ReadError, Transcript, open, put_back, version};
use crate::units::count;
use crate::wire::{ConnId, Side};

/// Why a transcript cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It has several conns, and it was not said which.
    #[error("`{}` has {} conns: say which, as in `{}#{first}`", path.display(), conns, path.display())]
    Several {
        /// The file.
        path: PathBuf,
        /// How many conns it has.
        conns: usize,
        /// The first of them.
        first: ConnId,
    },
    /// It does not have that conn.
    #[error("`{}` has no conn {conn}: it has {}", path.display(), count(*conns as u64, "conn"))]
    NoSuchConn {
        /// The file.
        path: PathBuf,
        /// The conn that was named.
        conn: ConnId,
        /// How many conns it has.
        conns: usize,
    },
    /// A secret in it was not given.
    #[error("event {event} of `{}`: {missing}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// The number of the event, from 1.
        event: usize,
        /// The secret.
        missing: MissingSecret,
    },
    /// A mask of its header is none.
    #[error("`mask` in the header of `{}`: {error}", path.display())]
    Mask {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: MaskError,
    },
    /// An event cannot be compared or said.
    #[error("event {event} of `{}`: {what}", path.display())]
    Event {
        /// The file.
        path: PathBuf,
        /// The number of the event, from 1.
        event: usize,
        /// What is wrong with it.
        what: String,
    },
    /// Nothing was said in it.
    #[error("`{}` has no lines: there is nothing to play", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl LoadError {
    /// Whose fault it is: a transcript that says nothing checks nothing.
    fn blame(&self) -> Blame {
        match self {
            LoadError::Empty { .. } => Blame::Check,
            LoadError::Read(_)
            | LoadError::Several { .. }
            | LoadError::NoSuchConn { .. }
            | LoadError::Secret { .. }
            | LoadError::Mask { .. }
            | LoadError::Event { .. } => Blame::Script,
        }
    }

    /// What to do about it, where it does not say that itself.
    fn hint(&self) -> Option<&'static str> {
        match self {
            LoadError::Read(err) => err.hint(),
            LoadError::NoSuchConn { .. } => Some("`chat-repl show FILE` shows all of them"),
            LoadError::Empty { .. } => Some("`chat-repl show FILE` shows what it has instead"),
            LoadError::Mask { .. } | LoadError::Event { .. } => {
                Some("`chat-repl show --marks FILE` shows what its events compare and say")
            }
            LoadError::Several { .. } | LoadError::Secret { .. } => None,
        }
    }
}

impl From<LoadError> for Report {
    fn from(err: LoadError) -> Report {
        let report = Report::new(err.to_string());
        match err.hint() {
            Some(hint) => report.note(hint),
            None => report,
        }
    }
}

impl From<LoadError> for Failure {
    fn from(err: LoadError) -> Failure {
        Failure { blame: err.blame(), report: err.into() }
    }
}

/// What a replay is given besides the transcript.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The secrets that are put back into it, and the variables that its patterns and templates may use.
    pub settings: &'a Settings,
    /// What is not compared, besides what its header says.
    pub masks: &'a [Mask],
}

/// Which conns of a transcript are meant where it is named without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conns {
    /// All of them.
    All,
    /// The only one: where it has several, one is to be named.
    Only,
}

/// Why a part of a transcript cannot be played.
#[derive(Debug)]
pub(super) struct PartFault {
    pub(super) event: usize,
    pub(super) what: String,
}

impl PartFault {
    /// What it means for the file.
    pub(super) fn of_file(self, path: &Path) -> LoadError {
        LoadError::Event { path: path.to_owned(), event: self.event, what: self.what }
    }
}

/// Loads `FILE`, or `FILE#CONN`, to play the side `own` of it, with the secrets put back.
///
/// # Errors
/// The file cannot be read, or does not say what to play.
pub fn load(
    name: &Path,
    own: Side,
    manner: Manner,
    given: Given<'_>,
    conns: Conns,
) -> Result<Player, LoadError> {
    let loaded = read(name, given, conns, own, Closes::LeftOut)?;
    let version = loaded.version;
    let mut player = Player::new(&Sheet::new(loaded), &given.settings.vars, manner);
    player.blessing.version = version;
    Ok(player)
}

/// What is made of a file before it is played.
pub(super) struct Loaded {
    /// What the file is called.
    pub(super) name: String,
    /// What it was when it was read.
    pub(super) version: u64,
    pub(super) transcript: Transcript,
    pub(super) masks: Masks,
    pub(super) parts: Vec<Part>,
}

/// Reads a file, with the secrets put back, and makes the part of `own` of each conn that is meant.
pub(super) fn read(
    name: &Path,
    given: Given<'_>,
    conns: Conns,
    own: Side,
    closes: Closes,
) -> Result<Loaded, LoadError> {
    let Named { path, conn } = Named::new(name);
    // What is changed after this is noticed; where it fails, so does reading.
    let version = version(&path).unwrap_or_default();
    let mut transcript = open(&path)?;
    if !given.settings.encoding.is_utf8() {
        transcript.header.encoding = given.settings.encoding;
    }
    put_back(&mut transcript, &given.settings.secrets)
        .map_err(|(event, missing)| LoadError::Secret { path: path.clone(), event, missing })?;
    let masks = masks(&path, &transcript, given.masks)?;
    let (mut parts, by_conn) = (Vec::new(), ByConn::of(&transcript));
    for conn in choose(&path, &transcript, conn, conns)? {
        let part = Part::of(&transcript, &by_conn, conn, own, closes, &masks);
        parts.push(part.map_err(|fault| fault.of_file(&path))?);
    }
    if parts.iter().all(Part::is_empty) {
        return Err(LoadError::Empty { path });
    }
    Ok(Loaded { name: path.display().to_string(), version, transcript, masks, parts })
}

/// The masks of the header, and then those that were given.
pub(super) fn masks(
    path: &Path,
    transcript: &Transcript,
    given: &[Mask],
) -> Result<Masks, LoadError> {
    let own = transcript.header.mask.iter().map(|mask| Mask::parse(mask));
    let own: Result<Vec<Mask>, MaskError> = own.collect();
    let own = own.map_err(|error| LoadError::Mask { path: path.to_owned(), error })?;
    let masks: Masks = own.into_iter().chain(given.iter().cloned()).collect();
    Ok(masks.reading(transcript.header.encoding))
}

/// The conns that are meant, in the order of their numbers.
pub(super) fn choose(
    path: &Path,
    transcript: &Transcript,
    named: Option<ConnId>,
    conns: Conns,
) -> Result<Vec<Option<ConnId>>, LoadError> {
    let mut all: Vec<ConnId> = transcript.events.iter().filter_map(|event| event.conn).collect();
    all.sort_unstable();
    all.dedup();
    let path = path.to_owned();
    let Some(named) = named else {
        return match &*all {
            [] => Ok(vec![None]),
            [first, _, ..] if conns == Conns::Only => {
                Err(LoadError::Several { path, conns: all.len(), first: *first })
            }
            _ => Ok(all.into_iter().map(Some).collect()),
        };
    };
    if !all.contains(&named) {
        return Err(LoadError::NoSuchConn { path, conn: named, conns: all.len() });
    }
    Ok(vec![Some(named)])
}
