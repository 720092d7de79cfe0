//! What a mock plays to its guests.

use std::path::Path;

use crate::cli::{Talk, names_script};
use crate::drive::Part;
use crate::error::Error;
use crate::replay::{self, Given};
use crate::script::Settings;

/// The script or transcript that this is.
pub(super) fn part(path: &Path, talk: &Talk, settings: &Settings) -> Result<Part, Error> {
    if names_script(path) {
        let script = super::script(path, settings.encoding)?;
        return Ok(Part::Script { steps: script.steps.into(), reads: script.needs.reads });
    }
    let options = talk.replaying.options();
    let timeout = (!talk.stay).then_some(settings.timeout);
    let order = talk.mock.order.unwrap_or_default();
    let how = options.mock(order, timeout, talk.shared.linger);
    let given = Given { settings, masks: &options.masks };
    Ok(Part::Server(replay::mock(path, how, given)?))
}
