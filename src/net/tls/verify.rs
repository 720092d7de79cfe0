//! Who is believed to be who they say.

use std::fmt::Debug;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::certificate::Certificate;
use super::pin::Pin;
use super::refusal::Refusal;

/// How a server proves who it is. That it has the key of its certificate is checked always.
#[derive(Debug)]
pub(super) enum Trust {
    /// By a certificate for its name that an authority has signed.
    Authorities(Arc<WebPkiServerVerifier>),
    /// By one of these keys: then names, dates and authorities say nothing more.
    Pins(Vec<Pin>),
    /// Not at all.
    Anybody,
}

/// Verifies servers.
#[derive(Debug)]
pub(super) struct Servers {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) trust: Trust,
}

/// How a client proves who it is, where it is asked to.
#[derive(Debug)]
pub(super) enum Admission {
    /// By a certificate that an authority has signed.
    Certified(Arc<dyn ClientCertVerifier>),
    /// By one of these keys.
    Pins(Vec<Pin>),
}

/// Verifies clients.
#[derive(Debug)]
pub(super) struct Clients {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) admission: Admission,
}

fn check_pin(pins: &[Pin], der: &CertificateDer<'_>) -> Result<(), Error> {
    match Certificate::read(der) {
        Some(Certificate { pin, .. }) if pins.contains(&pin) => Ok(()),
        _ => Err(Refusal::other_key(der).into_error()),
    }
}

/// What the traits of both ends ask for in the same words: that the peer has the key of its certificate.
macro_rules! checks_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.provider.signature_verification_algorithms;
            verify_tls12_signature(message, cert, dss, algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.provider.signature_verification_algorithms;
            verify_tls13_signature(message, cert, dss, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.provider.signature_verification_algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.trust {
            Trust::Authorities(verifier) => verifier
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|err| Refusal::new(end_entity, &err).into_error()),
            Trust::Pins(pins) => {
                check_pin(pins, end_entity).map(|()| ServerCertVerified::assertion())
            }
            Trust::Anybody => Ok(ServerCertVerified::assertion()),
        }
    }

    checks_signatures!();
}

impl ClientCertVerifier for Clients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        match &self.admission {
            Admission::Certified(verifier) => verifier.root_hint_subjects(),
            Admission::Pins(_) => &[],
        }
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match &self.admission {
            Admission::Certified(verifier) => verifier
                .verify_client_cert(end_entity, intermediates, now)
                .map_err(|err| Refusal::new(end_entity, &err).into_error()),
            Admission::Pins(pins) => {
                check_pin(pins, end_entity).map(|()| ClientCertVerified::assertion())
            }
        }
    }

    checks_signatures!();
}
