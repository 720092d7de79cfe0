//! What the editor asks of those who know the commands.

/// Knows what can be typed. Called on the editor's thread, at every key: it must answer at once.
pub trait Assist: Send + Sync {
    /// What could stand where the cursor is; `pos` is its place in `line`, in bytes.
    fn complete(&self, line: &str, pos: usize) -> Completion;

    /// What to suggest, dimmed, behind a line whose end the cursor is at. One line, no controls.
    fn hint(&self, line: &str) -> Option<String>;

    /// Whether what was entered may be kept in a file.
    fn may_be_kept(&self, entered: &str) -> bool;
}

/// What could stand in place of `line[start..pos]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completion {
    /// Where the completed word begins, in bytes.
    pub start: usize,
    /// The words that fit, whole.
    pub candidates: Vec<String>,
    /// Whether the names of files fit as well. All of `line[start..pos]` is taken as a path then,
    /// spaces included: a command's FILE is not quoted.
    pub files: bool,
}
