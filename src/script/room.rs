//! `/nick`, `/me`, `/msg`: what anybody asks of a room. Its host asks it here, everybody else by saying
//! so, and then it does not matter what the other side is.

use bytes::Bytes;

use super::exec::Refused;
use super::{Place, Runner, Task, failure};
use crate::command::Arg;
use crate::session::Input;
use crate::wire::with_eol;

impl Runner {
    pub(super) fn nick(&mut self, name: &Arg<Bytes>, place: &Place) -> Result<(), Refused> {
        let said = name.encoded(&self.settings.vars, self.settings.encoding)?;
        let name = name.value(&self.settings.vars)?;
        self.ask_room(&[b"/nick ", &said[..]].concat(), place)?;
        if !self.options.listener {
            self.ask(Task::Named(String::from_utf8_lossy(&name).into_owned()));
        }
        Ok(())
    }

    pub(super) fn me(&mut self, text: &Arg<Bytes>, place: &Place) -> Result<(), Refused> {
        let text = text.encoded(&self.settings.vars, self.settings.encoding)?;
        self.ask_room(&[b"/me ", &text[..]].concat(), place)
    }

    pub(super) fn msg(
        &mut self,
        name: &Arg<Bytes>,
        text: &Arg<Bytes>,
        place: &Place,
    ) -> Result<(), Refused> {
        let (vars, encoding) = (&self.settings.vars, self.settings.encoding);
        let (name, text) = (name.encoded(vars, encoding)?, text.encoded(vars, encoding)?);
        self.ask_room(&[b"/msg ", &name[..], b" ", &text[..]].concat(), place)
    }

    fn ask_room(&mut self, line: &[u8], place: &Place) -> Result<(), Refused> {
        if self.options.room {
            self.send(Input::Asked(Bytes::copy_from_slice(line)));
        } else if self.options.listener {
            return Err(self.refused(failure::no_room(place.clone())));
        } else {
            let bytes = with_eol(line, self.settings.eol);
            self.send(Input::Say { to: self.to, bytes, send: None });
        }
        Ok(())
    }
}
