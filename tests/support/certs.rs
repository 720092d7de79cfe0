//! Certificates, made for a test.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{fs, str};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

/// An authority, and the files of those for whom it vouches.
pub(crate) struct Authority {
    dir: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// The files of somebody's certificate and key.
pub(crate) struct Held {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = params(&[], "Test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Authority { dir: TempDir::new().unwrap(), issuer };
        write(&authority.ca(), "CERTIFICATE", authority.issuer.der());
        authority
    }

    /// The file that says whom to trust.
    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// A certificate for these names.
    pub(crate) fn signs(&self, names: &[&str]) -> Held {
        self.signs_with(names, |_| {})
    }

    /// The same, changed before it is signed.
    pub(crate) fn signs_with(
        &self,
        names: &[&str],
        change: impl Fn(&mut CertificateParams),
    ) -> Held {
        let mut params = params(names, names[0]);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        self.held(names[0], params.signed_by(&key, &self.issuer).unwrap().der(), &key)
    }

    /// A certificate for these names that its holder alone has signed.
    pub(crate) fn knows_nothing_of(&self, names: &[&str]) -> Held {
        let key = KeyPair::generate().unwrap();
        self.held(names[0], params(names, names[0]).self_signed(&key).unwrap().der(), &key)
    }

    fn held(&self, name: &str, certificate: &[u8], key: &KeyPair) -> Held {
        let path = |kind: &str| self.dir.path().join(format!("{name}.{kind}.pem"));
        let held = Held { cert: path("cert"), key: path("key") };
        write(&held.cert, "CERTIFICATE", certificate);
        write(&held.key, "PRIVATE KEY", &key.serialize_der());
        held
    }
}

impl Held {
    /// The options with which `chat-repl` shows it.
    pub(crate) fn args(&self) -> [&str; 4] {
        ["--tls-cert", text(&self.cert), "--tls-key", text(&self.key)]
    }
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("the paths of tests are text")
}

fn params(names: &[&str], holder: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, holder);
    params
}

/// As PEM, for its owner only, as keys are kept.
fn write(path: &Path, label: &str, der: &[u8]) {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    let text = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"));
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
