//! `chat-repl load`: many clients that play a transcript or a script.

mod answers;
mod measured;
mod page;
mod played;
mod told;

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::folder;
use crate::support::proc::Repl;
use crate::support::tape::{client, server, tape};

/// What a load came to.
struct Told {
    json: Value,
    stderr: String,
}

/// Lets clients play a file with a server.
fn load(dir: &Path, file: &str, addr: &str, options: &[&str], code: i32) -> Told {
    let args = ["load", file, "--connect", addr, "--json"];
    let ran = Repl::new().args(args).args(options).current_dir(dir).run().code(code);
    let output = ran.get_output();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let json = serde_json::from_slice(&output.stdout);
    let json = json.unwrap_or_else(|err| panic!("{err}: {output:?}"));
    Told { json, stderr }
}

impl Told {
    /// A number in it.
    #[track_caller]
    fn number(&self, pointer: &str) -> f64 {
        let value = self.json.pointer(pointer).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("no number at {pointer}: {}", self.json))
    }

    /// A count in it.
    #[track_caller]
    fn count(&self, pointer: &str) -> Option<u64> {
        self.json.pointer(pointer).and_then(Value::as_u64)
    }

    /// Asserts how many sessions were ok, mismatched, timed out, refused, closed and in flight.
    #[track_caller]
    fn ended(&self, expected: [u64; 6]) -> &Told {
        let names = ["ok", "mismatched", "timed_out", "refused", "closed", "in_flight"];
        let sessions = &self.json["sessions"];
        let ended = names.map(|name| sessions[name].as_u64());
        assert_eq!(ended, expected.map(Some), "{}\n{}", self.json, self.stderr);
        assert_eq!(sessions["began"].as_u64(), Some(expected.iter().sum()), "{}", self.json);
        self
    }

    /// Asserts how many turns ended well.
    #[track_caller]
    fn turns(&self, expected: u64) -> &Told {
        assert_eq!(self.json["turns"].as_u64(), Some(expected), "{}", self.json);
        self
    }

    /// Asserts that a failure was told, and how often it came.
    #[track_caller]
    fn failed(&self, cause: &str, count: u64) -> &Told {
        let all = self.json["failures"].as_array().unwrap().iter();
        let is_it = |failure: &&Value| failure["cause"].as_str().unwrap().contains(cause);
        let counts = all.filter(is_it).map(|failure| failure["count"].as_u64().unwrap());
        assert_eq!(counts.sum::<u64>(), count, "{}", self.json);
        self
    }
}

/// A folder with a script and a transcript of the same: so many times `hello`, and the same again.
fn hellos(turns: usize) -> TempDir {
    let script = "hello\n/expect -n -x hello\n".repeat(turns);
    let said: Vec<String> = (0..turns).flat_map(|_| [client("hello"), server("hello")]).collect();
    folder(&[("hello.chat", &script), ("hello.json", &tape(&said))])
}
