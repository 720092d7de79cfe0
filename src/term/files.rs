//! Completing the names of files.

use std::path::Path;

/// A name that fits: what to list, and the path to put in place of what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileName {
    /// Its last part.
    pub(super) shown: String,
    /// What was typed up to the last `/`, and then that part; a folder ends with `/`.
    pub(super) path: String,
}

/// The files and folders whose paths begin with `typed`, sorted. Spaces stay as they are. A dot file
/// is left out until its dot is typed; so is a name that cannot be typed: no UTF-8, or controls in it.
pub(super) fn complete(typed: &str) -> Vec<FileName> {
    let (folder, begun) = typed.split_at(typed.rfind('/').map_or(0, |slash| slash + 1));
    let place = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let Ok(entries) = place.read_dir() else { return Vec::new() };
    let mut names: Vec<FileName> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !begun.starts_with('.');
            if !name.starts_with(begun) || hidden || name.contains(char::is_control) {
                return None;
            }
            let slash = if entry.path().is_dir() { "/" } else { "" };
            Some(FileName { path: format!("{folder}{name}{slash}"), shown: name + slash })
        })
        .collect();
    names.sort_by(|a, b| a.path.cmp(&b.path));
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn paths(typed: &str) -> Vec<String> {
        complete(typed).into_iter().map(|name| name.path).collect()
    }

    #[test]
    fn names_with_spaces_and_quotes_are_completed_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["my file.txt", "my 'other'.txt", ".secret", "else"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        fs::create_dir(dir.path().join("my folder")).unwrap();
        let at = format!("{}/", dir.path().display());
        let wanted =
            ["my 'other'.txt", "my file.txt", "my folder/"].map(|name| format!("{at}{name}"));
        assert_eq!(paths(&format!("{at}my ")), wanted);
        assert_eq!(paths(&format!("{at}.")), [format!("{at}.secret")]);
        assert!(!paths(&at).contains(&format!("{at}.secret")));
        assert!(paths(&format!("{at}none/")).is_empty());
    }
}
