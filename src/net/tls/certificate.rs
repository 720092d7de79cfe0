//! What a certificate says, for people.

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::name;
use super::pin::Pin;
use crate::wire::Visible;

/// What a certificate says of its holder. Whether that is true is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is: `CN=mail.example`; the first DNS name where it has no subject.
    pub subject: String,
    /// Who issued it: `CN=Example CA`.
    pub issuer: String,
    /// Its key.
    pub pin: Pin,
    /// It was issued by its own holder.
    pub is_own_issuer: bool,
}

impl Certificate {
    /// What this certificate says; nothing where it cannot be read.
    pub(super) fn read(der: &CertificateDer<'_>) -> Option<Certificate> {
        let certificate = EndEntityCert::try_from(der).ok()?;
        let mut subject = name::shown(certificate.subject());
        if subject.is_empty() {
            let dns = certificate.valid_dns_names().next().unwrap_or("nobody");
            subject = Visible(dns.as_bytes()).to_string();
        }
        Some(Certificate {
            subject,
            issuer: name::shown(certificate.issuer()),
            pin: Pin::of_key(&certificate.subject_public_key_info()),
            is_own_issuer: certificate.subject() == certificate.issuer(),
        })
    }
}
