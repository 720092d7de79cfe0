//! Why a certificate is not accepted.

use std::fmt;

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error};

use super::certificate::Certificate;
use crate::wire::Visible;

/// A certificate is not accepted, and why. The `Display` says that; [`Refusal::hint`] what would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it says; nothing where it cannot be read.
    pub certificate: Option<Certificate>,
    /// What is wrong with it.
    pub why: Distrust,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distrust {
    /// It was good until then.
    Expired(String),
    /// It is good from then on.
    NotYet(String),
    /// Its holder alone vouches for it.
    OwnIssuer,
    /// Nobody who is trusted vouches for its issuer.
    UnknownIssuer,
    /// Who is trusted has the name of its issuer, and did not sign it.
    Forged,
    /// It is for these names, and not for the one that was asked for.
    OtherName {
        /// What was asked for.
        asked: String,
        /// What it is for.
        names: Vec<String>,
    },
    /// Its key has none of the pins.
    OtherKey,
    /// Something else.
    Other(String),
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// What `error` says of the certificate that was shown.
    pub(super) fn new(der: &CertificateDer<'_>, error: &Error) -> Refusal {
        let certificate = Certificate::read(der);
        let is_own = certificate.as_ref().is_some_and(|certificate| certificate.is_own_issuer);
        let why = match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) if is_own => {
                Distrust::OwnIssuer
            }
            Error::InvalidCertificate(error) => Distrust::of(error),
            other => Distrust::Other(other.to_string()),
        };
        Refusal { certificate, why }
    }

    /// The key of it is none of those that are accepted.
    pub(super) fn other_key(der: &CertificateDer<'_>) -> Refusal {
        Refusal { certificate: Certificate::read(der), why: Distrust::OtherKey }
    }

    /// As the error of a handshake.
    pub(super) fn into_error(self) -> Error {
        let carried = rustls::OtherError(std::sync::Arc::new(self));
        Error::InvalidCertificate(CertificateError::Other(carried))
    }

    /// The refusal that a handshake failed with, if one is the reason.
    pub(super) fn of(error: &Error) -> Option<Refusal> {
        let Error::InvalidCertificate(CertificateError::Other(carried)) = error else {
            return None;
        };
        carried.0.downcast_ref::<Refusal>().cloned()
    }

    /// What to do about it.
    pub(in crate::net) fn hint(&self) -> Option<String> {
        let pin = self.certificate.as_ref()?.pin;
        Some(match &self.why {
            Distrust::OtherKey => {
                "somebody may stand in between: ask whoever runs it for its pin".to_owned()
            }
            Distrust::OtherName { names, .. } => match names.first() {
                Some(name) => format!("if that is who you mean: `--tls-name {name}`"),
                None => format!("if that is who you mean: `--tls-pin {pin}`"),
            },
            Distrust::OwnIssuer | Distrust::UnknownIssuer | Distrust::Forged => format!(
                "`--tls-pin {pin}` accepts this key, if the other end shows the same; \
                 `--tls-ca FILE` accepts what the authorities in FILE have signed"
            ),
            Distrust::Expired(_) | Distrust::NotYet(_) | Distrust::Other(_) => {
                format!("if the other end shows this pin: `--tls-pin {pin}`")
            }
        })
    }
}

impl Distrust {
    fn of(error: &CertificateError) -> Distrust {
        match error {
            CertificateError::ExpiredContext { not_after, .. } => {
                Distrust::Expired(date(*not_after))
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                Distrust::NotYet(date(*not_before))
            }
            CertificateError::UnknownIssuer => Distrust::UnknownIssuer,
            CertificateError::BadSignature => Distrust::Forged,
            CertificateError::NotValidForNameContext { expected, presented } => {
                let names = presented.iter().map(|name| plain(name)).collect();
                Distrust::OtherName { asked: asked(expected), names }
            }
            // A certificate that signs others is no server's: `openssl req -x509` makes such.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                Distrust::Other("is that of an authority and not of a server".to_owned())
            }
            other => Distrust::Other(format!("is not accepted: {other}")),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.certificate {
            Some(Certificate { subject, .. }) => write!(f, "the certificate of `{subject}` ")?,
            None => f.write_str("the certificate ")?,
        }
        match &self.why {
            Distrust::Expired(since) => write!(f, "expired on {since}"),
            Distrust::NotYet(until) => write!(f, "is not valid before {until}"),
            Distrust::OwnIssuer => f.write_str("is signed by itself and by nobody who is trusted"),
            Distrust::UnknownIssuer => match &self.certificate {
                Some(Certificate { issuer, .. }) => {
                    write!(f, "is signed by `{issuer}`, whom nobody who is trusted vouches for")
                }
                None => f.write_str("is signed by nobody who is trusted"),
            },
            Distrust::Forged => {
                f.write_str("says that it is signed by somebody who is trusted, and is not")
            }
            Distrust::OtherName { asked, names } => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
                write!(f, "is for {names}, not for `{asked}`")
            }
            Distrust::OtherKey => match &self.certificate {
                Some(Certificate { pin, .. }) => write!(f, "has another key than --tls-pin: {pin}"),
                None => f.write_str("has no key that can be read"),
            },
            Distrust::Other(why) => f.write_str(why),
        }
    }
}

/// To the second; what is beyond the calendar is told as a number.
fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds)
        .map_or_else(|_| format!("second {seconds}"), |at| at.to_string())
}

fn asked(name: &ServerName<'_>) -> String {
    match name {
        ServerName::IpAddress(ip) => std::net::IpAddr::from(*ip).to_string(),
        name => name.to_str().into_owned(),
    }
}

/// `DnsName("a.example")` and the like, which is how webpki has them, as people write it.
fn plain(presented: &str) -> String {
    let inner = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    Visible(inner.unwrap_or(presented).trim_matches('"').as_bytes()).to_string()
}
