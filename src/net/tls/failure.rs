//! Why a handshake came to nothing.

use std::io;
use std::time::Duration;

use rustls::{AlertDescription, Error, InvalidMessage};
use thiserror::Error;

use super::refusal::Refusal;
use crate::units::{Human, reason};

/// Why a TLS handshake came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TlsFailure {
    /// We do not believe that the peer is who it should be.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The peer wants us to show a certificate.
    #[error("it wants a certificate of ours")]
    WantsCertificate,
    /// The peer showed none, and is to.
    #[error("it showed no certificate")]
    NoCertificate,
    /// The peer breaks it off, and says so.
    #[error("it breaks the TLS handshake off: {0}")]
    Alert(String),
    /// The peer says something that is no TLS.
    #[error("what it says is no TLS")]
    NoTls,
    /// The peer hung up.
    #[error("it hung up in the TLS handshake")]
    Ended {
        /// Without having said anything, or after.
        silently: bool,
    },
    /// The handshake was not done in time.
    #[error("the TLS handshake was not done within {}", Human(*.after))]
    Stalled {
        /// How long that was.
        after: Duration,
    },
    /// What the address calls the server cannot stand in a certificate.
    #[error("`{0}` is no name that a certificate could have")]
    Name(String),
    /// This system trusts nobody.
    #[error("this system has no authorities that it trusts: {0}")]
    NoRoots(String),
    /// Something else.
    #[error("the TLS handshake failed: {0}")]
    Failed(String),
}

impl TlsFailure {
    pub(super) fn of(error: &Error) -> TlsFailure {
        if let Some(refusal) = Refusal::of(error) {
            return TlsFailure::Refused(Box::new(refusal));
        }
        match error {
            Error::AlertReceived(AlertDescription::CertificateRequired) => {
                TlsFailure::WantsCertificate
            }
            Error::AlertReceived(alert) => TlsFailure::Alert(alert_words(*alert)),
            Error::NoCertificatesPresented => TlsFailure::NoCertificate,
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => TlsFailure::NoTls,
            other => TlsFailure::Failed(told(other)),
        }
    }

    pub(in crate::net) fn io(err: &io::Error) -> TlsFailure {
        TlsFailure::Failed(reason(err))
    }

    /// Whether to try again may help: whoever stands before a server that is being started hangs up.
    pub(in crate::net) fn may_pass(&self) -> bool {
        matches!(self, TlsFailure::Ended { .. })
    }

    /// What to do about it, for who connects.
    pub(in crate::net) fn hint(&self) -> Option<String> {
        let hint = match self {
            TlsFailure::Refused(refusal) => return refusal.hint(),
            TlsFailure::WantsCertificate => "`--tls-cert FILE --tls-key FILE` show one",
            TlsFailure::NoTls => "without `tls:` it may be understood",
            TlsFailure::Ended { .. } | TlsFailure::Stalled { .. } => "does it speak TLS there?",
            TlsFailure::Name(_) => "`--tls-name NAME` says what to look for in it",
            TlsFailure::NoRoots(_) => {
                "install `ca-certificates`, or name whom to trust: `--tls-ca FILE`, `--tls-pin PIN`"
            }
            TlsFailure::NoCertificate | TlsFailure::Alert(_) | TlsFailure::Failed(_) => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}

/// An error of TLS as an error of a stream.
pub(super) fn broken(error: &Error) -> io::Error {
    let said = match (TlsFailure::of(error), error) {
        (TlsFailure::WantsCertificate, _) => {
            "the peer wants a certificate of ours: `--tls-cert FILE --tls-key FILE` show one"
                .to_owned()
        }
        (_, Error::AlertReceived(alert)) => {
            format!("the peer breaks TLS off: {}", alert_words(*alert))
        }
        (TlsFailure::Failed(_), error) => format!("TLS: {}", told(error)),
        (failure, _) => match failure.hint() {
            Some(hint) => format!("{failure}; {hint}"),
            None => failure.to_string(),
        },
    };
    io::Error::new(io::ErrorKind::InvalidData, said)
}

/// In the words of the standard (RFC 8446, section 6), with what they mean where that helps.
fn alert_words(alert: AlertDescription) -> String {
    let meaning = match alert {
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA => "it does not accept our certificate",
        AlertDescription::AccessDenied => "it does not let us in",
        AlertDescription::ProtocolVersion => "it speaks neither TLS 1.2 nor 1.3",
        AlertDescription::HandshakeFailure => "it has no cipher, or no key, in common with us",
        AlertDescription::UnrecognisedName => "it does not know the name that we asked for",
        _ => return format!("alert `{alert:?}`"),
    };
    format!("{meaning} (alert `{alert:?}`)")
}

fn told(error: &Error) -> String {
    let said = error.to_string();
    let mut chars = said.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
