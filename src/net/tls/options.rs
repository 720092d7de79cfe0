//! What is asked for of TLS: whom we believe, and who we are.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{
    ALL_VERSIONS, ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig,
    ServerConnection, SupportedProtocolVersion,
};
use thiserror::Error;

use super::failure::TlsFailure;
use super::files::{self, TlsFileError};
use super::identity::Identity;
use super::pin::Pin;
use super::verify::{Admission, Clients, Servers, Trust};
use crate::net::addr::{Endpoint, THIS_MACHINE};

/// The version that has for each session what a proof can be bound to.
static LATEST: &[&SupportedProtocolVersion] = &[&TLS13];

/// What the command line says about TLS.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// A file of certificates whose holders are trusted, in place of those that the system trusts.
    pub ca: Option<PathBuf>,
    /// A file with our certificate.
    pub cert: Option<PathBuf>,
    /// A file with the key to it; the same file where there is none.
    pub key: Option<PathBuf>,
    /// What the certificate of a server is to be for, if not for the host of its address.
    pub name: Option<TlsName>,
    /// The keys that are accepted, whatever their certificates say.
    pub pins: Vec<Pin>,
    /// No server is verified.
    pub insecure: bool,
}

impl TlsOptions {
    /// Those of a private conversation: whoever it is proves that by a code. Nothing else of TLS is told
    /// to be insecure.
    fn private() -> TlsOptions {
        TlsOptions { insecure: true, ..TlsOptions::default() }
    }
}

/// A name, or an IP address, that a certificate can be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsName(ServerName<'static>);

/// A text is no [`TlsName`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no name that a certificate could have: write a DNS name or an IP address")]
pub struct TlsNameError(String);

impl FromStr for TlsName {
    type Err = TlsNameError;

    fn from_str(text: &str) -> Result<Self, TlsNameError> {
        let name = ServerName::try_from(text.to_owned());
        name.map(TlsName).map_err(|_| TlsNameError(text.to_owned()))
    }
}

/// How TLS is spoken in a session. Clones share what was loaded.
#[derive(Debug, Clone)]
pub struct Tls {
    loaded: Arc<Loaded>,
    /// Guests are asked for certificates where we know whom to believe.
    asks: bool,
    versions: &'static [&'static SupportedProtocolVersion],
}

#[derive(Debug)]
struct Loaded {
    provider: Arc<CryptoProvider>,
    authorities: Option<Arc<RootCertStore>>,
    identity: Option<Identity>,
    /// The file of a key that anybody on this machine can read.
    open_key: Option<PathBuf>,
    name: Option<TlsName>,
    pins: Vec<Pin>,
    insecure: bool,
    /// Made when it is first needed: what the system trusts is read for it.
    client: OnceLock<Result<Arc<ClientConfig>, TlsFailure>>,
}

impl Default for Tls {
    /// Servers are verified by the authorities that the system trusts, a listener makes a certificate of
    /// its own, and nobody is asked for one.
    fn default() -> Self {
        Tls::with(TlsOptions::default(), None, None)
    }
}

impl Tls {
    /// Reads the files that the options name.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn load(options: TlsOptions) -> Result<Tls, TlsFileError> {
        let authorities = options.ca.as_deref().map(files::authorities).transpose()?;
        let identity = match &options.cert {
            Some(cert) => {
                let key = options.key.as_ref().unwrap_or(cert);
                Some(Identity::load(cert, key, &ring::default_provider())?)
            }
            None => None,
        };
        Ok(Tls::with(options, authorities, identity))
    }

    fn with(
        options: TlsOptions,
        authorities: Option<RootCertStore>,
        identity: Option<Identity>,
    ) -> Tls {
        let key = options.cert.map(|cert| options.key.unwrap_or(cert));
        let loaded = Loaded {
            provider: Arc::new(ring::default_provider()),
            authorities: authorities.map(Arc::new),
            identity,
            open_key: key.filter(|key| files::is_open_to_all(key)),
            name: options.name,
            pins: options.pins,
            insecure: options.insecure,
            client: OnceLock::new(),
        };
        Tls { loaded: Arc::new(loaded), asks: true, versions: ALL_VERSIONS }
    }

    /// For either end of a private conversation, where nobody vouches for certificates. Only 1.3, which
    /// has for each session what a proof can be bound to.
    #[must_use]
    pub(in crate::net) fn private() -> Tls {
        Tls { versions: LATEST, ..Tls::with(TlsOptions::private(), None, None) }
    }

    /// The same for a listener whose guests are not those whom the options are about: it asks none of
    /// them for a certificate.
    #[must_use]
    pub fn asking_nobody(self) -> Tls {
        Tls { asks: false, ..self }
    }

    /// The file of our key, if anybody on this machine can read it.
    #[must_use]
    pub fn open_key(&self) -> Option<&Path> {
        self.loaded.open_key.as_deref()
    }

    /// Whether any of the options was given.
    #[must_use]
    pub fn is_asked_for(&self) -> bool {
        let Loaded { authorities, identity, name, pins, insecure, .. } = &*self.loaded;
        let any = authorities.is_some() || identity.is_some() || name.is_some();
        any || !pins.is_empty() || *insecure
    }

    /// Whether servers are not verified.
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.loaded.insecure
    }

    /// A client's side of TLS, on a conn that leads to this place and has said other things before.
    ///
    /// # Errors
    /// Why nobody could be believed there.
    pub fn begin(&self, endpoint: &Endpoint) -> Result<TlsStart, TlsFailure> {
        self.connect(endpoint).map(|tls| TlsStart(Box::new(tls)))
    }

    /// A client's side, for the server at this place.
    pub(in crate::net) fn connect(&self, endpoint: &Endpoint) -> Result<Connection, TlsFailure> {
        let name = match &self.loaded.name {
            Some(TlsName(name)) => name.clone(),
            None => name_of(endpoint)?,
        };
        let config =
            self.loaded.client.get_or_init(|| self.loaded.client_config(self.versions)).clone()?;
        let connection = ClientConnection::new(config, name).map_err(|err| TlsFailure::of(&err))?;
        Ok(connection.into())
    }

    /// The servers' side, for guests who come to this place.
    ///
    /// # Errors
    /// Why there is no certificate.
    pub fn accept(&self, endpoint: &Endpoint) -> Result<Acceptor, String> {
        let loaded = &self.loaded;
        let identity = match &loaded.identity {
            Some(identity) => identity.clone(),
            None => Identity::make(host(endpoint), &loaded.provider)?,
        };
        let versions = ServerConfig::builder_with_provider(Arc::clone(&loaded.provider))
            .with_protocol_versions(self.versions)
            .map_err(|err| err.to_string())?;
        let asking = match self.clients()? {
            Some(verifier) => versions.with_client_cert_verifier(verifier),
            None => versions.with_no_client_auth(),
        };
        let mut config = asking.with_cert_resolver(identity.shown());
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Acceptor { config: Arc::new(config), pin: identity.pin() })
    }

    /// Who verifies guests, where they are asked for certificates.
    fn clients(&self) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
        let loaded = &self.loaded;
        if !self.asks {
            return Ok(None);
        }
        let provider = Arc::clone(&loaded.provider);
        let admission = match &loaded.authorities {
            _ if !loaded.pins.is_empty() => Admission::Pins(loaded.pins.clone()),
            Some(authorities) => {
                let (authorities, provider) = (Arc::clone(authorities), Arc::clone(&provider));
                let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider);
                Admission::Certified(verifier.build().map_err(|err| err.to_string())?)
            }
            None => return Ok(None),
        };
        Ok(Some(Arc::new(Clients { provider, admission })))
    }
}

impl Loaded {
    fn client_config(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Arc<ClientConfig>, TlsFailure> {
        let provider = Arc::clone(&self.provider);
        let servers = Servers { provider: Arc::clone(&provider), trust: self.trust()? };
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|err| TlsFailure::of(&err))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(servers));
        let mut config = match &self.identity {
            Some(identity) => config.with_client_cert_resolver(identity.shown()),
            None => config.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }

    fn trust(&self) -> Result<Trust, TlsFailure> {
        if self.insecure {
            return Ok(Trust::Anybody);
        }
        if !self.pins.is_empty() {
            return Ok(Trust::Pins(self.pins.clone()));
        }
        let authorities = match &self.authorities {
            Some(authorities) => Arc::clone(authorities),
            None => Arc::new(trusted_by_system()?),
        };
        let verifier =
            WebPkiServerVerifier::builder_with_provider(authorities, Arc::clone(&self.provider));
        let verifier = verifier.build().map_err(|err| TlsFailure::NoRoots(err.to_string()))?;
        Ok(Trust::Authorities(verifier))
    }
}

/// The authorities that this system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` count, as with OpenSSL.
fn trusted_by_system() -> Result<RootCertStore, TlsFailure> {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    // Some systems have roots that are malformed in one way or another; the others are good.
    let (added, _) = store.add_parsable_certificates(found.certs);
    if added == 0 {
        let why =
            found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(TlsFailure::NoRoots(why));
    }
    Ok(store)
}

fn host(endpoint: &Endpoint) -> Option<&str> {
    match endpoint {
        Endpoint::Tcp { host, .. } => host.as_deref(),
        Endpoint::Unix(_) => None,
    }
}

/// What the certificate of a server is to be for.
fn name_of(endpoint: &Endpoint) -> Result<ServerName<'static>, TlsFailure> {
    let host = host(endpoint).unwrap_or(THIS_MACHINE);
    // The interface by which an address is reached is no part of it.
    let name = host.split('%').next().unwrap_or(host);
    ServerName::try_from(name.to_owned()).map_err(|_| TlsFailure::Name(host.to_owned()))
}

/// One end of TLS that has said nothing yet.
#[derive(Debug)]
pub struct TlsStart(pub(in crate::net) Box<Connection>);

/// Takes guests in over TLS.
#[derive(Debug, Clone)]
pub struct Acceptor {
    config: Arc<ServerConfig>,
    pin: Option<Pin>,
}

impl Acceptor {
    /// Our side of TLS, on the conn of a guest who has said other things before.
    ///
    /// # Errors
    /// What rustls says.
    pub fn begin(&self) -> Result<TlsStart, TlsFailure> {
        self.connection().map(|tls| TlsStart(Box::new(tls)))
    }

    /// A guest's connection, from our side.
    pub(in crate::net) fn connection(&self) -> Result<Connection, TlsFailure> {
        let connection = ServerConnection::new(Arc::clone(&self.config));
        connection.map(Connection::from).map_err(|err| TlsFailure::of(&err))
    }

    /// What guests may know us by.
    #[must_use]
    pub fn pin(&self) -> Option<Pin> {
        self.pin
    }
}
