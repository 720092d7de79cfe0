//! Patterns and the variables that they set and use.
//!
//! Nothing here knows scripts or commands: replay and load compare with the same parts.

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
