//! How a conn came to be secure, as a key of its `open` event.

use serde::Serialize;

use super::Extra;
use crate::session::Secured;

#[derive(Serialize)]
struct Tls<'a> {
    version: &'a str,
    cipher: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<&'a str>,
    /// Only where it is not so.
    #[serde(skip_serializing_if = "is_true")]
    verified: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
fn is_true(verified: &bool) -> bool {
    *verified
}

/// The key `tls`, which readers keep and need not understand. It says nothing that is secret.
pub(super) fn tls(secured: &Secured) -> Option<Extra> {
    let Secured { version, cipher, pin, subject, verified } = secured;
    let (subject, pin) = (subject.as_deref(), pin.as_deref());
    let tls = Tls { version, cipher, subject, pin, verified: *verified };
    let json = serde_json::to_string(&tls).ok()?; // text goes into JSON always
    Some(Extra { key: "tls".to_owned(), json })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_stands_there_and_nothing_else() {
        let mut secured = Secured {
            version: "1.3",
            cipher: "TLS13_AES_128_GCM_SHA256".to_owned(),
            pin: None,
            subject: None,
            verified: true,
        };
        let told = |secured: &Secured| tls(secured).unwrap().json;
        assert_eq!(told(&secured), r#"{"version":"1.3","cipher":"TLS13_AES_128_GCM_SHA256"}"#);
        secured.subject = Some("CN=a\"b".to_owned());
        secured.pin = Some("sha256//AA==".to_owned());
        secured.verified = false;
        assert!(
            told(&secured)
                .ends_with(r#","subject":"CN=a\"b","pin":"sha256//AA==","verified":false}"#)
        );
    }
}
