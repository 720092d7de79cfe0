//! Options of TLS.

use std::path::PathBuf;

use clap::Args;

use crate::net::{Pin, TlsName, TlsOptions};

/// Whom we believe at `tls:` addresses, and who we are.
#[derive(Debug, Clone, Args)]
pub struct TlsArgs {
    /// Believe what the authorities in this PEM file have signed, instead of those of the system
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tls_pin", "tls_insecure"], help_heading = "TLS")]
    pub tls_ca: Option<PathBuf>,
    /// Show this certificate, a PEM file; without it a listener makes one for the session
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub tls_cert: Option<PathBuf>,
    /// The key to the certificate; without it the file of --tls-cert has it too
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "TLS")]
    pub tls_key: Option<PathBuf>,
    /// The name that the server's certificate is for, where ADDR has another
    #[arg(long, value_name = "NAME", help_heading = "TLS")]
    pub tls_name: Option<TlsName>,
    /// Believe who has this key, and nobody else; may be given several times
    #[arg(long, value_name = "PIN", conflicts_with = "tls_insecure", help_heading = "TLS")]
    pub tls_pin: Vec<Pin>,
    /// Believe anybody: whoever stands in between can read and change all that is said
    #[arg(long, help_heading = "TLS")]
    pub tls_insecure: bool,
}

impl TlsArgs {
    /// As the net has them.
    #[must_use]
    pub fn options(&self) -> TlsOptions {
        TlsOptions {
            ca: self.tls_ca.clone(),
            cert: self.tls_cert.clone(),
            key: self.tls_key.clone(),
            name: self.tls_name.clone(),
            pins: self.tls_pin.clone(),
            insecure: self.tls_insecure,
        }
    }
}
