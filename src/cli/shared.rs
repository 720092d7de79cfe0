//! Options of every conversation, whoever holds it.

use std::time::Duration;

use clap::Args;

use super::secret::{Secret, parse_secret};
use super::tls::TlsArgs;
use super::{one_of, parse_bound, parse_var};
use crate::units::parse_duration;
use crate::wire::{Encoding, Eol};

/// How lines are said, and how long is waited.
#[derive(Debug, Clone, Args)]
pub struct Shared {
    /// How long one attempt to connect may take
    #[arg(long, value_name = "DUR", value_parser = parse_duration, default_value = "10s", help_heading = "Conversation")]
    pub connect_timeout: Duration,
    /// When our side has ended, leave once nothing came for this long
    #[arg(long, value_name = "DUR", value_parser = parse_duration, default_value = "5s", help_heading = "Conversation")]
    pub linger: Duration,
    /// How the peer writes text, such as gbk or big5: shown and typed is what it means
    #[arg(long, value_name = "NAME", default_value = "utf-8", help_heading = "Conversation")]
    pub encoding: Encoding,
    /// Do not tell the peer that our side has ended, for servers that hang up then
    #[arg(long, help_heading = "Conversation")]
    pub no_half_close: bool,

    /// Set a variable, as /set does; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_var, help_heading = "Script")]
    pub var: Vec<(String, String)>,
    /// Keep the value of this variable, from the environment or a file, out of all that is written
    #[arg(long, value_name = "NAME[@FILE]", value_parser = parse_secret, help_heading = "Script")]
    pub secret: Vec<Secret>,
    /// How long a wait lasts, such as that of /expect
    #[arg(long, value_name = "DUR", value_parser = parse_duration, default_value = "5s", help_heading = "Script")]
    pub timeout: Duration,
    /// The line end of what we send
    #[arg(long, value_name = "EOL", value_parser = one_of([Eol::Lf, Eol::CrLf, Eol::None], Eol::name), default_value = "lf", help_heading = "Script")]
    pub eol: Eol,

    /// A line longer than this is shown and recorded in pieces
    #[arg(long, value_name = "SIZE", value_parser = parse_bound, default_value = "1MiB", help_heading = "Limits")]
    pub max_line: usize,

    /// TLS.
    #[command(flatten)]
    pub tls: TlsArgs,
}
