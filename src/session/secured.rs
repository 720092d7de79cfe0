//! How a conn came to be secure.

/// What is known of a conn over TLS when it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secured {
    /// The version of TLS: `1.2` or `1.3`.
    pub version: &'static str,
    /// The cipher suite, by its name in the standard (RFC 8446, appendix B.4).
    pub cipher: String,
    /// The key of the peer, where it has shown a certificate: `sha256//` and the base64 of its digest.
    pub pin: Option<String>,
    /// Whose certificate the peer has shown: `CN=mail.example`.
    pub subject: Option<String>,
    /// Whether it was verified that the peer is who it should be; a guest that was not asked is.
    pub verified: bool,
}
