//! What both ends say to prove that they know the code, as bytes in and bytes out.
//!
//! SPAKE2 (RFC 9382 in spirit) gives both ends one key if both know the code, and neither a way to try
//! another than the one it began with. Each then proves that it has the key, by a MAC over what the
//! two ends of this very TLS session share ([`Binding`]): somebody who stands between two sessions has
//! two of these, and cannot make the one MAC of the other. The guest proves first, so that a guess costs
//! whoever guesses its one try.

use ring::hmac;
use spake2::{Ed25519Group, Identity, Password, Spake2};

use super::Code;

/// The version of what is said; it is the first byte of either side.
const VERSION: u8 = 1;

/// A version, and a message of SPAKE2: its side and a point.
const SHARE: usize = 34;

/// A MAC: HMAC with SHA-256.
const MAC: usize = 32;

/// What the host says instead of a proof to who is not let in, and before its own.
const REFUSED: u8 = 0;
const ADMITTED: u8 = 1;

const GUEST: &[u8] = b"chat-repl private guest";
const HOST: &[u8] = b"chat-repl private host";

/// The label of the exporter (RFC 8446, section 7.5), whose context is empty.
pub(in crate::net) const EXPORTER: &[u8] = b"EXPORTER-chat-repl-private";

/// What the two ends of a TLS session share, and nobody else has.
pub type Binding = [u8; 32];

/// Somebody says what does not belong here; this was no guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign;

/// One side of SPAKE2.
type Share = Spake2<Ed25519Group>;

/// Bytes that come in any pieces, and are taken as messages of a fixed length.
#[derive(Debug, Default)]
struct Heard(Vec<u8>);

impl Heard {
    /// How many bytes of a message of this length are still to come.
    fn lacks(&self, length: usize) -> usize {
        length.saturating_sub(self.0.len())
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// The key that both ends have if both know the code, with what it is to be proved over.
struct Key(hmac::Key, Binding);

impl Key {
    fn new(share: Share, message: &[u8], binding: Binding) -> Result<Key, Foreign> {
        let (version, message) = message.split_first().ok_or(Foreign)?;
        if *version != VERSION {
            return Err(Foreign);
        }
        let key = share.finish(message).map_err(|_| Foreign)?;
        Ok(Key(hmac::Key::new(hmac::HMAC_SHA256, &key), binding))
    }

    fn proof(&self, whose: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0, &[whose, &self.1].concat())
    }

    /// In constant time.
    fn proves(&self, whose: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.0, &[whose, &self.1].concat(), mac).is_ok()
    }
}

fn versioned(message: &[u8]) -> Vec<u8> {
    [&[VERSION], message].concat()
}

fn password(code: &Code) -> Password {
    Password::new(code.words())
}

fn identities() -> (Identity, Identity) {
    (Identity::new(GUEST), Identity::new(HOST))
}

/// The guest's end.
pub struct Guest {
    stage: GuestStage,
    binding: Binding,
    heard: Heard,
}

enum GuestStage {
    Share(Share),
    Verdict(Key),
    Proof(Key),
    Over,
}

/// What the guest has learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuestHears {
    /// Nothing yet.
    More,
    /// The guest is to say this.
    Say(Vec<u8>),
    /// Both know the code.
    Proved,
    /// The host refuses, which it does for one reason only: the code is not the one that it has now.
    Refused,
    /// Whoever answers admits us, and does not know the code itself.
    Impostor,
}

impl Guest {
    /// A guest who knows this code, and what it says first.
    #[must_use]
    pub fn new(code: &Code, binding: Binding) -> (Guest, Vec<u8>) {
        let (guest, host) = identities();
        let (share, message) = Share::start_a(&password(code), &guest, &host);
        let stage = GuestStage::Share(share);
        (Guest { stage, binding, heard: Heard::default() }, versioned(&message))
    }

    /// How many bytes it hears at most before it has something to say.
    #[must_use]
    pub fn wants(&self) -> usize {
        match &self.stage {
            GuestStage::Share(_) => self.heard.lacks(SHARE),
            GuestStage::Verdict(_) => 1,
            GuestStage::Proof(_) => self.heard.lacks(MAC),
            GuestStage::Over => 0,
        }
    }

    /// Hears these bytes, of which there are no more than it [`wants`](Guest::wants).
    ///
    /// # Errors
    /// They belong to something else.
    pub fn hears(&mut self, bytes: &[u8]) -> Result<GuestHears, Foreign> {
        if bytes.len() > self.wants() {
            return Err(Foreign);
        }
        self.heard.0.extend_from_slice(bytes);
        if self.heard.0.first().is_some_and(|first| !self.begins_well(*first)) {
            return Err(Foreign);
        }
        if bytes.is_empty() || self.wants() > 0 && !matches!(self.stage, GuestStage::Verdict(_)) {
            return Ok(GuestHears::More);
        }
        self.takes()
    }

    /// What a share begins with is known; whoever says something else need not be waited for.
    fn begins_well(&self, first: u8) -> bool {
        !matches!(self.stage, GuestStage::Share(_)) || first == VERSION
    }

    /// A message has come whole.
    fn takes(&mut self) -> Result<GuestHears, Foreign> {
        let message = self.heard.take();
        match std::mem::replace(&mut self.stage, GuestStage::Over) {
            GuestStage::Share(share) => {
                let key = Key::new(share, &message, self.binding)?;
                let proof = key.proof(GUEST).as_ref().to_vec();
                self.stage = GuestStage::Verdict(key);
                Ok(GuestHears::Say(proof))
            }
            GuestStage::Verdict(key) => match message.first() {
                Some(&REFUSED) => Ok(GuestHears::Refused),
                Some(&ADMITTED) => {
                    self.stage = GuestStage::Proof(key);
                    Ok(GuestHears::More)
                }
                _ => Err(Foreign),
            },
            GuestStage::Proof(key) if key.proves(HOST, &message) => Ok(GuestHears::Proved),
            GuestStage::Proof(_) => Ok(GuestHears::Impostor),
            GuestStage::Over => Err(Foreign),
        }
    }
}

/// The host's end.
pub struct Host {
    stage: HostStage,
    binding: Binding,
    heard: Heard,
}

enum HostStage {
    Share(Code),
    Guess(Key),
    /// The guess is in; whether it is right.
    Judged(Key, bool),
    Over,
}

/// What the host has learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostHears {
    /// Nothing yet.
    More,
    /// The host is to say this.
    Say(Vec<u8>),
    /// A guess is in, and this is whether it is right: the host says what it makes of it by
    /// [`Host::verdict`].
    Guess(bool),
}

impl Host {
    /// A host who has this code.
    #[must_use]
    pub fn new(code: Code, binding: Binding) -> Host {
        Host { stage: HostStage::Share(code), binding, heard: Heard::default() }
    }

    /// How many bytes it hears at most before it has something to say, or to decide.
    #[must_use]
    pub fn wants(&self) -> usize {
        match &self.stage {
            HostStage::Share(_) => self.heard.lacks(SHARE),
            HostStage::Guess(_) => self.heard.lacks(MAC),
            HostStage::Judged(..) | HostStage::Over => 0,
        }
    }

    /// Hears these bytes, of which there are no more than it [`wants`](Host::wants).
    ///
    /// # Errors
    /// They belong to something else.
    pub fn hears(&mut self, bytes: &[u8]) -> Result<HostHears, Foreign> {
        if bytes.len() > self.wants() {
            return Err(Foreign);
        }
        self.heard.0.extend_from_slice(bytes);
        let opens = matches!(self.stage, HostStage::Share(_));
        if opens && self.heard.0.first().is_some_and(|first| *first != VERSION) {
            return Err(Foreign);
        }
        if bytes.is_empty() || self.wants() > 0 {
            return Ok(HostHears::More);
        }
        self.takes()
    }

    fn takes(&mut self) -> Result<HostHears, Foreign> {
        let message = self.heard.take();
        match std::mem::replace(&mut self.stage, HostStage::Over) {
            HostStage::Share(code) => {
                let (guest, host) = identities();
                let (share, said) = Share::start_b(&password(&code), &guest, &host);
                self.stage = HostStage::Guess(Key::new(share, &message, self.binding)?);
                Ok(HostHears::Say(versioned(&said)))
            }
            HostStage::Guess(key) => {
                let right = key.proves(GUEST, &message);
                self.stage = HostStage::Judged(key, right);
                Ok(HostHears::Guess(right))
            }
            HostStage::Judged(..) | HostStage::Over => Err(Foreign),
        }
    }

    /// What the host says to a guess. Only who has made a right one is ever admitted, and told anything
    /// that depends on the code.
    pub fn verdict(&mut self, admits: bool) -> Vec<u8> {
        match std::mem::replace(&mut self.stage, HostStage::Over) {
            HostStage::Judged(key, true) if admits => {
                [&[ADMITTED], key.proof(HOST).as_ref()].concat()
            }
            _ => vec![REFUSED],
        }
    }
}
