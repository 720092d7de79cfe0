//! What a mock plays to its guests.

use std::path::Path;

use super::vars;
use crate::cli::{Match, Talk};
use crate::drive::{self, Role};
use crate::error::Error;
use crate::replay::{self, Given, Mocking, Order};
use crate::script::Settings;

/// The script or transcript that this is.
pub(super) fn role(path: &Path, talk: &Talk, settings: &Settings) -> Result<Role, Error> {
    if path.extension().is_some_and(|ending| ending == "chat") {
        let parsed = drive::script(path);
        let parsed = parsed.map_err(|err| Error::read(&path.display().to_string(), &err))?;
        let script = parsed.map_err(Error::script)?;
        return Ok(Role::Script { steps: script.steps.into(), reads: script.reads });
    }
    let options = vars::replaying(&talk.replaying);
    let how = Mocking {
        order: match talk.order {
            None | Some(Match::Ordered) => Order::Ordered,
            Some(Match::Any) => Order::Any,
        },
        timeout: (!talk.stay).then_some(settings.timeout),
        linger: talk.shared.linger,
        pace: options.pace,
        max_idle: options.max_idle,
    };
    let given = Given { settings, masks: &options.masks };
    Ok(Role::Server(replay::mock(path, how, given)?))
}
