//! What a mock plays to its guests.

use std::path::Path;

use super::vars;
use crate::cli::{Match, Talk};
use crate::drive::{self, Role};
use crate::error::Error;
use crate::replay::{self, Given, Order};
use crate::script::Settings;

/// In which order the lines of a client may come.
pub(super) fn order(given: Option<Match>) -> Order {
    match given {
        None | Some(Match::Ordered) => Order::Ordered,
        Some(Match::Any) => Order::Any,
    }
}

/// The script or transcript that this is.
pub(super) fn role(path: &Path, talk: &Talk, settings: &Settings) -> Result<Role, Error> {
    if path.extension().is_some_and(|ending| ending == "chat") {
        let parsed = drive::script(path, settings.encoding);
        let parsed = parsed.map_err(|err| Error::read(&path.display().to_string(), &err))?;
        let script = parsed.map_err(Error::script)?;
        return Ok(Role::Script { steps: script.steps.into(), reads: script.needs.reads });
    }
    let options = vars::replaying(&talk.replaying);
    let timeout = (!talk.stay).then_some(settings.timeout);
    let how = options.mock(order(talk.order), timeout, talk.shared.linger);
    let given = Given { settings, masks: &options.masks };
    Ok(Role::Server(replay::mock(path, how, given)?))
}
