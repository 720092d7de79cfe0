//! What lines are compared with: patterns and the variables that they set and use, masks, and recorded lines
//! ([`hearing`]); and secrets, which are hidden wherever they stand.
//!
//! Nothing here knows scripts or commands: a replay compares with the same parts.

pub mod hearing;
mod mask;
mod nearest;
mod pattern;
mod plain;
mod secrets;
mod similar;
mod survey;
mod template;
mod traced;
mod vars;

pub use mask::{Mask, MaskError, Masks};
pub use nearest::{Nearest, nearest};
pub use pattern::{Capture, Pattern, PatternError, PatternFault};
pub use secrets::{MissingSecret, SecretError, Secrets};
pub use similar::most_similar;
pub(crate) use template::ENV;
pub use template::{Template, TemplateError, TemplateFault, Undefined, is_name};
pub use traced::Traced;
pub use vars::Vars;
