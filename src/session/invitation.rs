//! What the host of a private conversation is told of its code.

use std::fmt;

/// Something to tell the host about who is invited; its `Display` is the text behind `-- `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invitation {
    /// Those who know the code come to this address.
    To(String),
    /// The code that they need.
    Code(String),
    /// Somebody has guessed a wrong code.
    Guessed {
        /// Its address.
        addr: String,
        /// So many more make it void; none: it is void now.
        left: u32,
    },
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Invitation::To(addr) => {
                write!(f, "guests who know the code join by: chat-repl --connect {addr} --private")
            }
            Invitation::Code(code) => write!(f, "the code, to be said aloud: {code}"),
            Invitation::Guessed { addr, left: 0 } => {
                let new = "a new one is shown here within a minute";
                write!(f, "{addr} guessed a wrong code: the code is void, {new}")
            }
            Invitation::Guessed { addr, left } => {
                write!(f, "{addr} guessed a wrong code: after {left} more the code is void")
            }
        }
    }
}
