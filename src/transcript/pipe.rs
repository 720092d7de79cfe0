//! A named pipe to record to, which nobody may be reading yet.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// A named pipe that is opened with the first write, since that takes until somebody reads it.
#[derive(Debug)]
pub struct LatePipe {
    path: PathBuf,
    file: Option<File>,
}

impl LatePipe {
    /// The named pipe of this path, if it is one.
    #[must_use]
    pub fn at(path: &Path) -> Option<LatePipe> {
        let is_pipe = fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
        is_pipe.then(|| LatePipe { path: path.to_owned(), file: None })
    }
}

impl Write for LatePipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().write(true).open(&self.path)?,
        };
        self.file.insert(file).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // a file has no buffer
    }
}
