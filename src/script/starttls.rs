//! `/starttls`: a conn goes on over TLS.

use super::exec::Refused;
use super::lines_read::Seen;
use super::wait::Wait;
use super::{Blame, Failure, Place, Report, Runner, Task, failure};
use crate::session::Audience;
use crate::wire::ConnId;

impl Runner {
    /// Has TLS begun on the conn spoken to, and waits until it is agreed upon.
    pub(super) fn start_tls(&mut self, place: &Place) -> Result<(), Refused> {
        let conn = match self.to {
            Audience::One(conn) => Some(conn),
            Audience::All | Audience::Guests => self.roster.only(),
        };
        let conn = conn.ok_or_else(|| self.refused(failure::which_conn(place.clone())))?;
        self.ask(Task::StartTls { conn, guest: self.roster.is_guest(conn) });
        self.wait = Some((Wait::Secure { conn, done: false }, place.clone()));
        Ok(())
    }

    /// The failure of a `/starttls` where something is unread.
    ///
    /// What was said in the open and read only after TLS has begun would look as if it had been said
    /// over TLS, and anybody in between can have put it there (CVE-2011-0411). A person sees what came
    /// before what.
    #[must_use]
    pub fn unread_before_tls(&self, conn: ConnId) -> Option<Failure> {
        let next = self.unread.next(Audience::One(conn)).filter(|_| !self.options.prompt)?;
        let report = Report::new("something that was said before TLS is unread")
            .at(self.at.clone())
            .label("whoever stands in between may have said it; it would count as said over TLS:")
            .note(Seen::of(&next).text())
            .note("read it before, by /expect; nothing of TLS was said");
        Some(self.blame(Blame::Check, report))
    }

    /// A conn goes on over TLS.
    pub fn secured(&mut self, conn: ConnId) {
        if let Some((Wait::Secure { conn: awaited, done }, _)) = &mut self.wait
            && *awaited == conn
        {
            *done = true;
        }
    }
}
