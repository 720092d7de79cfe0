//! Who is at the other end: what is told of a conn when it comes about.

use std::sync::atomic::Ordering;

use super::engine::Engine;
use crate::net::Link;
use crate::session::{Input, Invitation, Notice, Secured};

impl Engine {
    /// Tells where guests may come, and what they may know us by.
    pub(super) fn tell_where(&mut self) {
        for addr in self.door.local() {
            self.screen.notice(&Notice::Listening(addr));
        }
        if let Some(pin) = self.door.pin() {
            self.screen.notice(&Notice::Pin(pin));
        }
        if let Some(addrs) = self.door.open_at() {
            let is_reached = !addrs.is_empty();
            self.screen.notice(&Notice::OpenAt(addrs));
            if is_reached && self.admits_all {
                self.screen.notice(&Notice::OpenToAll { tap: self.reaching.is_tap() });
            }
        }
        if let Some((addr, code)) = self.door.invitation() {
            self.screen.notice(&Notice::Invitation(Invitation::To(addr)));
            if let Some(code) = code {
                self.screen.tell(&Notice::Invitation(Invitation::Code(code)));
            }
        }
        let tls = &self.opening.dialing.tls;
        if let Some(key) = tls.open_key() {
            self.screen.tell(&Notice::OpenKey(key.to_owned()));
        }
        let is_spoken =
            self.door.pin().is_some() || self.opening.is_tls() || self.reaching.is_tls();
        if tls.is_asked_for() && !is_spoken {
            self.screen.tell(&Notice::NoTls);
        }
    }

    /// Takes in a peer that came, or that we came to.
    pub(super) fn meet(&mut self, link: Link) {
        let Link { stream, addr, secured } = link;
        match self.conns.add(stream, self.poll.registry()) {
            Ok(conn) => {
                self.opened.store(true, Ordering::SeqCst);
                self.opened(Input::Opened { conn, addr, own: self.role, name: None, secured });
            }
            Err(err) => self.outcome.add(err),
        }
    }

    /// Tells the session of a conn that opened, and people who it may be.
    pub(super) fn opened(&mut self, opened: Input) {
        if let Input::Opened { addr, secured, .. } = &opened {
            self.warn(addr, secured.as_deref());
        }
        self.input(opened);
    }

    /// Tells of ends that were not said to be ones.
    pub(super) fn tell_cut(&mut self) {
        for conn in self.conns.take_cut() {
            self.screen.notice(&Notice::CutShort(conn.near()));
        }
    }

    /// Tells, whatever notices are left out, that a peer may be anybody.
    pub(super) fn warn(&mut self, addr: &str, secured: Option<&Secured>) {
        if secured.is_some_and(|secured| !secured.verified) {
            self.screen.tell(&Notice::Unverified(addr.to_owned()));
        }
    }
}
