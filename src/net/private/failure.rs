//! Why nobody was proved to know the code.

use std::time::Duration;

use thiserror::Error;

use crate::units::Human;

/// Why an exchange of proofs came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofFailure {
    /// The host refuses our code.
    #[error("the code was refused")]
    Refused,
    /// Whoever answers does not know the code.
    #[error("whoever answers does not know the code")]
    Impostor,
    /// The peer says something that is no proof.
    #[error("what it says is no proof of a code")]
    Foreign,
    /// The peer hung up.
    #[error("it hung up before a code was proved")]
    Ended,
    /// It was not done in time.
    #[error("no code was proved within {}", Human(*.after))]
    Stalled {
        /// How long that was.
        after: Duration,
    },
    /// A guest was at the code that has become void meanwhile, or there is none now.
    #[error("the code that it would prove is void")]
    Void,
    /// Something else.
    #[error("the code was not proved: {0}")]
    Failed(String),
}

impl ProofFailure {
    /// What to do about it, for who connects.
    pub(in crate::net) fn hint(&self) -> Option<&'static str> {
        match self {
            ProofFailure::Refused => {
                Some("ask for it again; if it was right, somebody may stand in between")
            }
            ProofFailure::Impostor => Some("somebody may stand in between"),
            ProofFailure::Foreign | ProofFailure::Ended | ProofFailure::Stalled { .. } => {
                Some("was `--private` given there?")
            }
            ProofFailure::Void | ProofFailure::Failed(_) => None,
        }
    }
}
