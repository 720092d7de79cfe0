//! `/starttls`: conns that go on over TLS.

use std::collections::BTreeMap;

use super::engine::Engine;
use crate::net::{Acceptor, Address, Endpoint, Tls, TlsStart};
use crate::script::{Blame, Failure, Report};
use crate::session::{Ending, Input, Notice, Secured};
use crate::units::{At, Human};
use crate::wire::ConnId;

/// The conns on which TLS begins.
#[derive(Default)]
pub(super) struct Securing {
    current: BTreeMap<ConnId, Begun>,
    /// Where conns lead that steps have opened: what a server's certificate is to be for.
    leads: BTreeMap<ConnId, Endpoint>,
    /// Made when it is first needed.
    acceptor: Option<Acceptor>,
}

/// TLS begins on a conn.
struct Begun {
    /// What is to be said once all that was said before is sent.
    start: Option<TlsStart>,
    guest: bool,
    since: At,
    until: At,
}

impl Securing {
    /// A step opened this conn, to there.
    pub(super) fn opened(&mut self, conn: ConnId, endpoint: Endpoint) {
        self.leads.insert(conn, endpoint);
    }

    pub(super) fn deadline(&self) -> Option<At> {
        self.current.values().map(|begun| begun.until).min()
    }
}

impl Engine {
    /// Begins TLS on a conn, as its server where its peer is a guest.
    pub(super) fn start_tls(&mut self, conn: ConnId, guest: bool) {
        self.input(Input::TlsBegins(conn));
        if let Some(failure) = self.runners.of(conn).unread_before_tls(conn) {
            return self.runners.of(conn).fail_task(failure);
        }
        let is_tls = self.conns.stream_mut(conn).is_none_or(|stream| stream.is_tls());
        let start = if is_tls {
            Err("it is spoken already, or the conn is gone".to_owned())
        } else if guest {
            self.begin_as_server()
        } else {
            self.begin_as_client(conn)
        };
        match start {
            Ok(start) => {
                let until = self.now + self.opening.dialing.timeout;
                let begun = Begun { start: Some(start), guest, since: self.now, until };
                self.securing.current.insert(conn, begun);
                self.conns.await_tls(conn);
                self.see_securing();
            }
            Err(why) => self.not_secured(conn, &why),
        }
    }

    fn begin_as_client(&mut self, conn: ConnId) -> Result<TlsStart, String> {
        let leads = self.securing.leads.get(&conn);
        let endpoint = leads.or(self.opening.first().map(|address| &address.endpoint));
        let begun = match endpoint {
            Some(endpoint) => self.opening.dialing.tls.begin(endpoint),
            None => self.opening.dialing.tls.begin(&Address::default().endpoint),
        };
        begun.map_err(|failure| failure.to_string())
    }

    fn begin_as_server(&mut self) -> Result<TlsStart, String> {
        if self.securing.acceptor.is_none() {
            let tls: &Tls = &self.opening.dialing.tls;
            let acceptor = tls.accept(&Address::default().endpoint)?;
            if let Some(pin) = acceptor.pin() {
                self.screen.notice(&Notice::Pin(pin.to_string()));
            }
            self.securing.acceptor = Some(acceptor);
        }
        let acceptor = self.securing.acceptor.as_ref();
        let begun = acceptor.map(Acceptor::begin).transpose().map_err(|err| err.to_string())?;
        begun.ok_or_else(|| "there is no certificate".to_owned())
    }

    /// Goes on with the conns on which TLS begins.
    pub(super) fn see_securing(&mut self) {
        let conns: Vec<ConnId> = self.securing.current.keys().copied().collect();
        for conn in conns {
            self.see_begun(conn);
        }
    }

    fn see_begun(&mut self, conn: ConnId) {
        let Some(begun) = self.securing.current.get_mut(&conn) else { return };
        if begun.start.is_some()
            && self.conns.is_said(conn)
            && let Some(start) = begun.start.take()
        {
            self.conns.start_tls(conn, start);
        }
        let verified = begun.guest || !self.opening.dialing.tls.is_insecure();
        let stream = self.conns.stream_mut(conn);
        if let Some(secured) = stream.and_then(|stream| stream.secured(verified)) {
            self.securing.current.remove(&conn);
            return self.secured(conn, &secured);
        }
        if begun.until <= self.now {
            let waited = Human(begun.until.since(begun.since));
            self.not_secured(conn, &format!("it was not agreed upon within {waited}"));
        }
    }

    fn secured(&mut self, conn: ConnId, secured: &Secured) {
        self.screen.notice(&Notice::Secured { conn, version: secured.version });
        self.warn(&format!("the peer of conn {conn}"), Some(secured));
        let Secured { version, cipher, subject, pin, .. } = secured;
        let told = [Some(cipher), subject.as_ref(), pin.as_ref()];
        let told: Vec<&str> = told.into_iter().flatten().map(String::as_str).collect();
        self.input(Input::Note(format!(
            "conn {conn} goes on over TLS {version}: {}",
            told.join(", ")
        )));
        self.runners.of(conn).secured(conn);
    }

    /// A conn ended; where TLS was to begin on it, its step fails by that.
    pub(super) fn ended_unsecured(&mut self, conn: ConnId, how: &Ending) {
        if self.securing.current.contains_key(&conn) {
            let why = match how {
                Ending::Error(why) => why.clone(),
                Ending::Reset => "the conn was reset".to_owned(),
                other => format!("the conn ended: {other}"),
            };
            self.not_secured(conn, &why);
        }
    }

    fn not_secured(&mut self, conn: ConnId, why: &str) {
        self.securing.current.remove(&conn);
        let report = Report::new(format!("TLS does not come about: {why}"));
        self.runners.of(conn).fail_task(Failure { report, blame: Blame::Unreachable });
    }
}
