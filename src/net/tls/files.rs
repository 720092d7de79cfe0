//! Certificates and keys from PEM files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

use crate::units::reason;

/// No file of certificates is larger: what a Linux system trusts takes 220 KiB.
const LARGEST: u64 = 16 << 20;

/// How a key begins that only a password opens, in PKCS #8 (RFC 7468, section 11) and in the older form
/// of OpenSSL.
const LOCKED: &[&str] = &["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"];

/// Why a file cannot be used for TLS.
#[derive(Debug, Error)]
pub enum TlsFileError {
    /// It cannot be read.
    #[error("cannot read `{}`: {}", path.display(), reason(.source))]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is too large to be one.
    #[error("`{}` is larger than 16 MiB, which no file of certificates is", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
    },
    /// It has no certificate.
    #[error(
        "`{}` has no certificate: it is to have `-----BEGIN CERTIFICATE-----` and what follows (PEM)",
        path.display()
    )]
    NoCertificate {
        /// Which.
        path: PathBuf,
    },
    /// It has no key.
    #[error(
        "`{}` has no private key: it is to have `-----BEGIN PRIVATE KEY-----` and what follows (PEM)",
        path.display()
    )]
    NoKey {
        /// Which.
        path: PathBuf,
    },
    /// A password protects the key.
    #[error(
        "the key in `{0}` is locked by a password: `openssl pkey -in {0} -out FILE` unlocks it",
        path.display()
    )]
    Locked {
        /// Which.
        path: PathBuf,
    },
    /// It cannot be understood.
    #[error("`{}` is no sound PEM file: {why}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The certificate in it cannot be used.
    #[error("a certificate in `{}` cannot be used: {why}", path.display())]
    Certificate {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The two do not go together, or the key is of a kind that is not understood.
    #[error("the key in `{}` does not go with the certificate in `{}`: {why}", key.display(), cert.display())]
    Pair {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// The certificates in a file, one at least.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(TlsFileError::NoCertificate { path: path.to_owned() }),
        found => found.map_err(|err| malformed(path, &err)),
    }
}

/// The first key in a file.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    let text = read(path)?;
    let owned = || path.to_owned();
    match PrivateKeyDer::from_pem_slice(&text) {
        Err(pem::Error::NoItemsFound) if is_locked(&text) => {
            Err(TlsFileError::Locked { path: owned() })
        }
        Ok(_) if is_locked(&text) => Err(TlsFileError::Locked { path: owned() }),
        Err(pem::Error::NoItemsFound) => Err(TlsFileError::NoKey { path: owned() }),
        found => found.map_err(|err| malformed(path, &err)),
    }
}

/// Those whom a file of certificates trusts.
pub(super) fn authorities(path: &Path) -> Result<RootCertStore, TlsFileError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store.add(certificate).map_err(|err| TlsFileError::Certificate {
            path: path.to_owned(),
            why: err.to_string(),
        })?;
    }
    Ok(store)
}

/// Whether anybody on this machine can read a file.
pub(super) fn is_open_to_all(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsFileError> {
    let failed = |source| TlsFileError::Read { path: path.to_owned(), source };
    let mut text = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LARGEST + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > LARGEST {
        return Err(TlsFileError::TooLarge { path: path.to_owned() });
    }
    Ok(text)
}

fn is_locked(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    LOCKED.iter().any(|mark| text.contains(mark))
}

fn malformed(path: &Path, err: &pem::Error) -> TlsFileError {
    let why = match err {
        pem::Error::MissingSectionEnd { .. } => "a section does not end".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a section begins in no known way".to_owned(),
        pem::Error::Base64Decode(_) => "what stands between BEGIN and END is no base64".to_owned(),
        other => other.to_string(),
    };
    TlsFileError::Malformed { path: path.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, of: impl Fn(&Path) -> Option<TlsFileError>) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pem");
        fs::write(&path, text).unwrap();
        let told = of(&path).expect("it cannot be used").to_string();
        told.replace(&path.display().to_string(), "a.pem")
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let certificate = |text| told(text, |path| certificates(path).err());
        let key = |text| told(text, |path| key(path).err());
        let begin = "-----BEGIN CERTIFICATE-----\n";
        assert!(
            certificate("").starts_with("`a.pem` has no certificate: it is to have `-----BEGIN")
        );
        assert_eq!(certificate(begin), "`a.pem` is no sound PEM file: a section does not end");
        assert_eq!(
            certificate(&format!("{begin}???\n-----END CERTIFICATE-----\n")),
            "`a.pem` is no sound PEM file: what stands between BEGIN and END is no base64"
        );
        assert!(key(begin).contains("a section does not end"));
        assert!(key("").starts_with("`a.pem` has no private key: it is to have"));
        let locked = format!("{0}\nAAAA\n{1}\n", LOCKED[0], LOCKED[0].replace("BEGIN", "END"));
        assert_eq!(
            key(&locked),
            "the key in `a.pem` is locked by a password: `openssl pkey -in a.pem -out FILE` unlocks it"
        );
        let sound = format!("{begin}AAAA\n{}", begin.replace("BEGIN", "END"));
        let told = told(&sound, |path| authorities(path).err());
        assert!(told.starts_with("a certificate in `a.pem` cannot be used: "), "{told}");
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let err = certificates(Path::new("/nowhere/a.pem")).unwrap_err();
        assert_eq!(err.to_string(), "cannot read `/nowhere/a.pem`: no such file or directory");
    }
}
