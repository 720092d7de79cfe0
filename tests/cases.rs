//! Scripts that pass, and scripts that fail with a report, each against a server of its own.
//!
//! A case is a script in `tests/cases/pass` or `tests/cases/fail`, and a test named after it. What its
//! server does stands in the script's first lines, as comments that begin `/#: `:
//!
//! | comment | the server |
//! |---|---|
//! | `says TEXT` | says a line; `\xNN \r \n \t \\` are escapes |
//! | `prompts TEXT` | says this without a line end |
//! | `hears TEXT` | must hear exactly this line next |
//! | `closes` | closes; without this it waits until the client has, which must say nothing more |
//! | `resets` | breaks the connection |
//! | `stays alone` | must not be connected to |
//! | `another` | is another one from here on, whose address is `${another}` |
//!
//! `args ARGS` adds arguments, `brings FILES` puts these files of `tests/cases/parts` into a folder
//! `parts` beside the script, `exits N` is the status where it is not 0 (pass) or 1 (fail). `NAME.err`
//! beside the script is all that standard error must say; where there is none, it must say nothing.
//! Standard output must be what the server said, if the script passes; the lines of two servers come in
//! any order.
//!
//! `CHAT_REPL_REWRITE=1 cargo test --test integration cases` writes the `.err` files anew: look at
//! each difference before you keep it.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use regex::Regex;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::{Peer, ScriptedServer, listen};
use crate::support::proc::Repl;
use crate::support::project;
use crate::support::running::Finished;

/// A test for each case, and one that holds the folder to them.
macro_rules! cases {
    ($folder:ident, $status:literal: $($name:ident)*) => {
        mod $folder {
            $(#[test]
            fn $name() {
                super::Case::load(stringify!($folder), stringify!($name), $status).run();
            })*

            #[test]
            fn every_script_of_the_folder_is_a_test() {
                super::assert_folder(stringify!($folder), &[$(stringify!($name)),*]);
            }
        }
    };
}

cases! { pass, 0:
    text_goes_as_written slashes_and_comments an_empty_script windows_line_ends last_line_without_end
    captures_are_sent_back a_capture_in_a_pattern_is_literal variables bytes_and_line_ends
    the_very_next_line literal_text a_prompt_without_line_end bytes_that_are_no_text
    one_read_many_expectations quiet_then_words the_peer_ends after_the_peers_end settings
    what_is_asked_for_is_told quit_leaves_the_rest shutdown_still_listens close
    a_block_gives_each_pattern_a_line a_block_in_any_order a_block_of_another_file
    a_block_takes_the_last_words a_block_with_variables a_guard_is_lifted
    a_guard_is_lifted_on_one_of_two a_guard_that_nothing_trips a_line_that_may_come_makes_way
    one_of_two_is_closed steps_of_another_file strict_from_here_to_there strict_to_the_end
    the_environment two_conns
}

cases! { fail, 1:
    nearest_line nothing_came other_line other_line_literal literal_text_did_not_come
    unfinished_line unfinished_line_with_p many_lines skipped_by_earlier_steps hostile_line
    peer_closed peer_closed_after_other_lines peer_reset peer_reset_while_idle end_did_not_come end_was_a_reset
    not_quiet unread_is_not_quiet own_timeout set_timeout
    undefined_variable undefined_in_pattern no_duration_when_it_counts not_text_when_it_counts
    no_such_conn accept_without_guests kick_without_guests spoken_after_close spoken_after_shutdown
    save_to_no_folder save_over_no_transcript replay_of_nothing replay_of_no_transcript unknown_topic
    all_faults_at_once faults_in_bytes fault_far_right fault_behind_wide_characters
    fault_in_windows_script fault_in_the_last_line
    another_peer_closed block_in_which_nothing_must_come block_without_end
    difference_behind_wide_text difference_far_right difference_in_a_wide_character
    difference_in_bytes end_misspelt end_without_block faults_of_an_included_file
    faults_of_new_commands faulty_head_of_a_block faulty_lines_of_a_block forbidden_by_a_variable
    forbidden_in_a_block include_in_a_circle include_of_nothing included_step_fails long_pattern
    nearest_came_long_before next_and_partial next_but_unfinished nothing_else_of_a_block_came
    nothing_of_a_block_came on_an_unknown_name one_of_several_did_not_come open_of_no_address
    open_under_a_name_that_is_taken open_under_a_reserved_name peer_closed_in_a_block
    peer_reset_in_a_block rejected_behind_the_line_that_was_expected rejected_although_expected
    rejected_as_the_peer_ends rejected_on_one_of_two rejected_when_unread rejected_while_expecting
    rejected_while_sleeping rejected_with_variables several_did_not_come
    strict_and_the_very_next_line strict_block strict_block_and_another_line
    strict_leaves_nothing_unread strict_skips_nothing strict_until_quit strict_with_many_unread
    undefined_and_nothing_near undefined_but_in_the_environment undefined_in_a_block
    undefined_in_reject unfinished_line_in_a_block variables_in_play waited_on_the_wrong_conn
    blank_at_the_end something_is_missing_at_the_end line_end_within_a_line include_of_a_variable
}

/// A script, what its server does, and what is to come of it.
struct Case {
    path: PathBuf,
    script: Vec<u8>,
    /// What each server does.
    parts: Vec<Vec<Act>>,
    args: Vec<String>,
    brings: Vec<String>,
    status: i32,
    alone: bool,
}

/// What a server does.
enum Act {
    Say(Vec<u8>),
    Hear(Vec<u8>),
    Close,
    Reset,
}

impl Case {
    fn load(folder: &str, name: &str, status: i32) -> Case {
        let path = cases().join(folder).join(name).with_extension("chat");
        let script = fs::read(&path).expect("the script is there");
        let (parts, args, brings) = (vec![vec![]], vec![], vec![]);
        let mut case = Case { path, script, parts, args, brings, status, alone: false };
        let script = String::from_utf8_lossy(&case.script).into_owned();
        for direction in script.lines().map_while(|line| line.strip_prefix("/#: ")) {
            let (verb, rest) = direction.split_once(' ').unwrap_or((direction, ""));
            case.direct(verb, rest);
        }
        case
    }

    fn direct(&mut self, verb: &str, rest: &str) {
        let words = rest.split(' ').map(str::to_owned);
        match verb {
            "says" => self.say([&*unescaped(rest), b"\n"].concat()),
            "prompts" => self.say(unescaped(rest)),
            "hears" => self.act(Act::Hear([&*unescaped(rest), b"\n"].concat())),
            "closes" => self.act(Act::Close),
            "resets" => self.act(Act::Reset),
            "stays" => self.alone = true,
            "another" => self.parts.push(vec![]),
            "args" => self.args.extend(words),
            "brings" => self.brings.extend(words),
            "exits" => self.status = rest.parse().expect("a status is a number"),
            other => panic!("{}: `{other}` is nothing that a server does", self.path.display()),
        }
    }

    fn act(&mut self, act: Act) {
        self.parts.last_mut().expect("there is a server").push(act);
    }

    /// What is said in one go is one write: when the first of it has come, all of it has.
    fn say(&mut self, mut bytes: Vec<u8>) {
        match self.parts.last_mut().and_then(|part| part.last_mut()) {
            Some(Act::Say(said)) => said.append(&mut bytes),
            _ => self.act(Act::Say(bytes)),
        }
    }

    fn run(mut self) {
        if self.alone {
            let (listener, addr) = listen();
            self.check(&[addr.to_string()], None);
            listener.set_nonblocking(true).expect("a listener can be asked");
            let came = listener.accept().map_err(|error| error.kind());
            assert!(matches!(came, Err(ErrorKind::WouldBlock)), "{came:?} although it is faulty");
        } else {
            let said = said(&self.parts);
            let parts = std::mem::take(&mut self.parts).into_iter();
            let servers: Vec<ScriptedServer> =
                parts.map(|part| ScriptedServer::start(move |peer| play(part, peer))).collect();
            let addrs: Vec<String> = servers.iter().map(ScriptedServer::addr).collect();
            self.check(&addrs, Some(&said));
            for server in servers {
                server.finish();
            }
        }
    }

    /// Runs the script, in a folder where nothing else is but what it brings.
    fn check(&self, addrs: &[String], said: Option<&[u8]>) {
        let dir = TempDir::new().expect("a temporary folder");
        let script = self.path.file_name().expect("a script has a name");
        fs::write(dir.path().join(script), &self.script).expect("the folder is ours");
        fs::create_dir(dir.path().join("parts")).expect("the folder is ours");
        for part in self.brings.iter().map(|name| Path::new("parts").join(name)) {
            fs::copy(cases().join(&part), dir.path().join(&part)).expect("the file is there");
        }
        let repl = Repl::new().args(["-q", "--connect", &addrs[0], "--script"]).args([script]);
        let another = addrs.iter().skip(1).map(|addr| format!("--var=another={addr}"));
        let repl = repl.args(another).args(&self.args);
        let ended = repl.current_dir(dir.path()).spawn().wait().exited(self.status);
        if let Some(said) = said.filter(|_| self.status == 0) {
            let text = |bytes: &[u8]| match addrs {
                [_] => bytes.escape_ascii().to_string(),
                _ => sorted(bytes),
            };
            assert_eq!(text(&ended.stdout), text(said));
        }
        self.check_err(&ended, addrs);
    }

    fn check_err(&self, ended: &Finished, addrs: &[String]) {
        let names = ["ADDR", "ANOTHER"];
        let told = addrs
            .iter()
            .zip(names)
            .fold(ended.stderr.clone(), |told, (addr, name)| told.replace(addr, name));
        let told = settled(&told);
        let path = self.path.with_extension("err");
        if env::var_os("CHAT_REPL_REWRITE").is_some() {
            let rewritten = if told.is_empty() {
                fs::remove_file(&path).or_else(|error| match error.kind() {
                    ErrorKind::NotFound => Ok(()),
                    _ => Err(error),
                })
            } else {
                fs::write(&path, &told)
            };
            rewritten.expect("the case can be rewritten");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert!(told == expected, "{}:\n{told}\nexpected:\n{expected}", path.display());
    }
}

/// All that servers say.
fn said(parts: &[Vec<Act>]) -> Vec<u8> {
    let said = parts.iter().flatten().filter_map(|act| match act {
        Act::Say(bytes) => Some(&bytes[..]),
        _ => None,
    });
    said.collect::<Vec<_>>().concat()
}

/// Lines whose order does not matter.
fn sorted(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    let mut lines: Vec<&str> = text.split_inclusive("\\n").collect();
    lines.sort_unstable();
    lines.concat()
}

fn play(part: Vec<Act>, mut peer: Peer) {
    for act in part {
        match act {
            Act::Say(bytes) => peer.say(bytes),
            Act::Hear(line) => peer.expect_bytes(line),
            Act::Close => return,
            Act::Reset => return peer.reset(),
        }
    }
    let more = peer.read_to_end_within(DEADLINE);
    assert_eq!(more.escape_ascii().to_string(), "", "said behind what was to be heard");
}

/// What is told with all times made the same: they end their lines.
fn settled(told: &str) -> String {
    let forms = [(r"(?m)[+-][0-9.]+(us|ms|s)$", "TIME"), (r"\(waited \S+ of", "(waited TIME of")];
    forms.iter().fold(told.to_owned(), |told, (form, same)| {
        Regex::new(form).expect("a pattern").replace_all(&told, *same).into_owned()
    })
}

fn assert_folder(folder: &str, names: &[&str]) {
    let files = fs::read_dir(cases().join(folder)).expect("the folder is there");
    let paths: Vec<PathBuf> = files.map(|file| file.expect("it can be read").path()).collect();
    let stems = |ends: &str| {
        let paths = paths.iter().filter(|path| path.extension().is_some_and(|ext| ext == ends));
        let stems = paths.filter_map(|path| path.file_stem()?.to_str());
        stems.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let names: BTreeSet<String> = names.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(stems("chat"), names);
    let stale: Vec<_> = stems("err").difference(&names).cloned().collect();
    assert!(stale.is_empty(), "reports of no script: {stale:?}");
}

fn cases() -> PathBuf {
    project().join("tests/cases")
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        bytes.push(match chars.next() {
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('\\') => b'\\',
            Some('x') => {
                let digits: String = chars.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).expect("two digits behind `\\x`")
            }
            other => panic!("`\\{other:?}` is no escape"),
        });
    }
    bytes
}
