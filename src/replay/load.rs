//! From a file to something that can be played.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::player::Player;
use super::turns::Turns;
use crate::matching::{MissingSecret, Secrets};
use crate::script::Blame;
use crate::transcript::{ReadError, Transcript, open, put_back};
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
        conn: String,
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
    /// Nothing was said in it.
    #[error("`{}` has no lines: there is nothing to play", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl LoadError {
    /// Whose fault it is: a transcript that says nothing checks nothing.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            LoadError::Empty { .. } => Blame::Check,
            LoadError::Read(_)
            | LoadError::Several { .. }
            | LoadError::NoSuchConn { .. }
            | LoadError::Secret { .. } => Blame::Script,
        }
    }
}

/// Loads `FILE`, or `FILE#CONN`, to play the side `own` of it, with the secrets put back. A wait lasts
/// `timeout`.
///
/// # Errors
/// The file cannot be read, or does not say what to play.
pub fn load(
    name: &Path,
    own: Side,
    timeout: Duration,
    secrets: &Secrets,
) -> Result<Player, LoadError> {
    let (path, conn) = split(name);
    let mut transcript = open(&path)?;
    put_back(&mut transcript, secrets).map_err(|(event, missing)| LoadError::Secret {
        path: path.clone(),
        event,
        missing,
    })?;
    let conn = choose(&path, &transcript, conn)?;
    let turns = Turns::of(&transcript, conn, own);
    if turns.is_empty() {
        return Err(LoadError::Empty { path });
    }
    Ok(Player::new(path.display().to_string(), turns, timeout))
}

/// `FILE#2` is conn 2 of `FILE`, unless there is a file of just that name.
pub(crate) fn split(name: &Path) -> (PathBuf, Option<&str>) {
    match name.to_str().and_then(|text| text.rsplit_once('#')) {
        Some((path, conn)) if !name.exists() => (path.into(), Some(conn)),
        _ => (name.into(), None),
    }
}

fn choose(
    path: &Path,
    transcript: &Transcript,
    named: Option<&str>,
) -> Result<Option<ConnId>, LoadError> {
    let mut conns: Vec<ConnId> = transcript.events.iter().filter_map(|event| event.conn).collect();
    conns.sort_unstable();
    conns.dedup();
    let path = path.to_owned();
    let Some(named) = named else {
        return match &*conns {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            [first, ..] => Err(LoadError::Several { path, conns: conns.len(), first: *first }),
        };
    };
    let conn = named.parse().ok().and_then(ConnId::new).filter(|conn| conns.contains(conn));
    let unknown = LoadError::NoSuchConn { path, conn: named.to_owned(), conns: conns.len() };
    conn.map(Some).ok_or(unknown)
}
