//! What Tab offers: the commands, and who is here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::roommates::Roommates;
use crate::command::{self, Offers};
use crate::matching::Secrets;
use crate::script::MAIN;
use crate::session::{Effect, Recorded};
use crate::term::{Assist, Completion};
use crate::wire::ConnId;

/// The names of those who are here, shared with the line editor's thread.
#[derive(Debug, Clone)]
pub(super) struct Names {
    here: Arc<Mutex<BTreeMap<ConnId, String>>>,
    /// There where a person is a guest, perhaps of a room.
    roommates: Option<Arc<Mutex<Roommates>>>,
    /// What is kept in no file.
    secrets: Secrets,
}

impl Names {
    pub(super) fn new(secrets: Secrets) -> Self {
        Names { here: Arc::default(), roommates: None, secrets }
    }

    /// Those of a person who is a guest: if it is a room, it names those who are there.
    pub(super) fn of_guest(self) -> Self {
        Names { roommates: Some(Arc::default()), ..self }
    }

    pub(super) fn observe(&self, effect: &Effect) {
        match effect {
            Effect::Record(record) => {
                if let (Some(conn), Recorded::Open { name, .. }) = (record.conn, &record.what) {
                    let name = name.as_deref().unwrap_or(MAIN).to_owned();
                    self.lock().insert(conn, name);
                }
            }
            Effect::Heard { bytes, .. } => {
                if let Some(mut roommates) = self.roommates() {
                    roommates.hears(bytes);
                }
            }
            Effect::Renamed { conn: Some(conn), name } => {
                self.lock().insert(*conn, name.clone());
            }
            Effect::Silent { conn, .. } => {
                self.lock().remove(conn);
            }
            _ => {}
        }
    }

    /// Whether a room has told what it calls us: then nothing else counts.
    pub(super) fn knows_own(&self) -> bool {
        self.roommates().is_some_and(|roommates| roommates.knows_own())
    }

    /// What a room calls us, if it has told since this was last asked.
    pub(super) fn take_own(&self) -> Option<String> {
        self.roommates()?.take_own()
    }

    fn roommates(&self) -> Option<MutexGuard<'_, Roommates>> {
        Some(self.roommates.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ConnId, String>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Assist for Names {
    fn complete(&self, line: &str, pos: usize) -> Completion {
        let mut names: Vec<String> = self.lock().values().cloned().collect();
        if let Some(roommates) = self.roommates() {
            names.extend(roommates.names().cloned());
        }
        let found = command::complete(line, pos, &names);
        match found.offers {
            Offers::Words(candidates) => {
                Completion { start: found.start, candidates, files: false }
            }
            Offers::Files => Completion { start: found.start, candidates: Vec::new(), files: true },
        }
    }

    fn hint(&self, line: &str) -> Option<String> {
        command::hint(line)
    }

    /// Not with a secret in it. A name in its place would not do: as text, it would be sent as it is.
    fn may_be_kept(&self, entered: &str) -> bool {
        self.secrets.hide_str(entered) == entered
    }
}
