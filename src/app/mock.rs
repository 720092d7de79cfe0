//! What a mock plays to its guests.

use std::path::Path;

use crate::cli::{Talk, names_script};
use crate::drive::Role;
use crate::error::Error;
use crate::replay::{self, Given};
use crate::script::Settings;

/// The script or transcript that this is.
pub(super) fn role(path: &Path, talk: &Talk, settings: &Settings) -> Result<Role, Error> {
    if names_script(path) {
        let script = super::script(path, settings.encoding)?;
        return Ok(Role::Script { steps: script.steps.into(), reads: script.needs.reads });
    }
    let options = talk.replaying.options();
    let timeout = (!talk.stay).then_some(settings.timeout);
    let order = talk.mock.order.unwrap_or_default();
    let how = options.mock(order, timeout, talk.shared.linger);
    let given = Given { settings, masks: &options.masks };
    Ok(Role::Server(replay::mock(path, how, given)?))
}
