//! Options of conversations that only the invited can enter.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Error};

use super::{TlsArgs, refused};

/// Who may take part.
#[derive(Debug, Clone, Args)]
pub struct PrivateArgs {
    /// Let in only who knows a code, which is shown; with --connect, be such a guest, and be asked for it
    #[arg(long, help_heading = "Private")]
    pub private: bool,
    /// The code is in this file, and neither shown nor asked for
    #[arg(long, value_name = "FILE", requires = "private", help_heading = "Private")]
    pub code_file: Option<PathBuf>,
}

impl PrivateArgs {
    /// Whether they go with what else is asked for.
    ///
    /// # Errors
    /// They do not, as clap tells such things.
    pub(super) fn check(&self, tls: &TlsArgs, is_tap: bool) -> Result<(), Error> {
        if !self.private {
            return Ok(());
        }
        let said = if is_tap {
            "--private is between two ends, and a tap is neither: --listen with --connect has none"
        } else if tls.is_given() {
            "--private proves by a code who is at the other end: no option of TLS goes with it"
        } else {
            return Ok(());
        };
        Err(refused(ErrorKind::ArgumentConflict, said))
    }

    /// Whether there is a code to be had, for who connects: nobody can be asked where nobody `types`.
    ///
    /// # Errors
    /// There is none, as clap tells such things.
    pub(super) fn check_asking(&self, types: bool) -> Result<(), Error> {
        if !self.private || self.code_file.is_some() || types {
            return Ok(());
        }
        let said = "--private asks for the code at a terminal, and here is none: \
                    name a file that has it by --code-file";
        Err(refused(ErrorKind::MissingRequiredArgument, said))
    }
}
