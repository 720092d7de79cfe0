//! Files that appear whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::file::{create_beside, resolve};

/// A file that takes its name when all of it was written. What is no file, such as a pipe, is written to
/// as it is.
#[derive(Debug)]
pub struct WholeFile(Target);

#[derive(Debug)]
enum Target {
    /// Becomes the file of this path.
    Beside(NamedTempFile, PathBuf),
    /// A pipe or a device.
    Device(File),
}

impl WholeFile {
    /// Only its owner reads what was said.
    pub const PRIVATE: u32 = super::file::MODE;

    /// Everybody reads it whom the umask lets.
    pub const PUBLIC: u32 = 0o666;

    /// Begins a file that `path` is to name, with these rights. If it is a link, it stays one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: &Path, mode: u32) -> io::Result<WholeFile> {
        if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Ok(WholeFile(Target::Device(File::options().write(true).open(path)?)));
        }
        let real = resolve(path);
        let file = create_beside(&real, ".chat-repl-", ".tmp", mode)?;
        Ok(WholeFile(Target::Beside(file, real)))
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(self) -> io::Result<()> {
        match self.0 {
            Target::Beside(file, real) => file.persist(real).map(drop).map_err(io::Error::from),
            Target::Device(mut file) => file.flush(),
        }
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Target::Beside(file, _) => file.as_file_mut().write(bytes),
            Target::Device(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn the_old_file_stays_until_the_new_one_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("page.html"), dir.path().join("link.html"));
        fs::write(&path, "old").unwrap();
        symlink("page.html", &link).unwrap();
        let mut file = WholeFile::create(&link, WholeFile::PRIVATE).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(WholeFile::create(&path, WholeFile::PUBLIC).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[test]
    fn a_device_is_written_to() {
        let mut file = WholeFile::create(Path::new("/dev/null"), WholeFile::PUBLIC).unwrap();
        file.write_all(b"x").unwrap();
        file.finish().unwrap();
    }
}
