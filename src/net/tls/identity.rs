//! Who we are: a certificate, and the key to it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::certificate::Certificate;
use super::files::{self, TlsFileError};
use super::pin::Pin;

/// What a certificate that is made for one session calls its holder.
const NOBODY: &str = "chat-repl session";

/// A certificate, with those that lead from it to an authority, and its key.
#[derive(Clone)]
pub(super) struct Identity(Arc<CertifiedKey>);

impl fmt::Debug for Identity {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.pin().map(|pin| pin.to_string())).finish()
    }
}

impl Identity {
    /// From these two files.
    pub(super) fn load(
        cert: &Path,
        key: &Path,
        provider: &CryptoProvider,
    ) -> Result<Identity, TlsFileError> {
        let chain = files::certificates(cert)?;
        let pair = CertifiedKey::from_der(chain, files::key(key)?, provider);
        let pair = pair.map_err(|err| TlsFileError::Pair {
            cert: cert.to_owned(),
            key: key.to_owned(),
            why: match err {
                rustls::Error::InconsistentKeys(_) => "it is the key of another".to_owned(),
                other => other.to_string(),
            },
        })?;
        Ok(Identity(Arc::new(pair)))
    }

    /// Made for one session, whose listener has this name. Nobody vouches for it, and its dates are of
    /// no use, so it is good for ever: its pin is what it is known by.
    ///
    /// # Errors
    /// What the generator says.
    pub(super) fn make(host: Option<&str>, provider: &CryptoProvider) -> Result<Identity, String> {
        let told = |err: rcgen::Error| err.to_string();
        let names: Vec<String> =
            [Some("localhost"), host].into_iter().flatten().map(str::to_owned).collect();
        // A name that cannot stand in a certificate is no reason not to have one.
        let mut params = CertificateParams::new(names)
            .or_else(|_| CertificateParams::new(vec![]))
            .map_err(told)?;
        params.distinguished_name.push(DnType::CommonName, NOBODY);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(told)?;
        let certificate = params.self_signed(&key).map_err(told)?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        CertifiedKey::from_der(vec![certificate.der().clone()], key, provider)
            .map(|pair| Identity(Arc::new(pair)))
            .map_err(|err| err.to_string())
    }

    /// What it is known by.
    pub(super) fn pin(&self) -> Option<Pin> {
        self.0.cert.first().and_then(Certificate::read).map(|certificate| certificate.pin)
    }

    /// As servers and clients show it.
    pub(super) fn shown(&self) -> Arc<SingleCertAndKey> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.0)))
    }
}
