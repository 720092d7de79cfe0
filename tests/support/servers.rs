//! Servers that other people wrote, where this machine has them: each with nothing in it, and on a
//! port of its own.
//!
//! None of them touches what the system has set up for it: its folder is a temporary one, and where
//! tests run as root it runs as `nobody`.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::ends::fail;
use super::peer::listen;
use super::running::Running;
use super::tools::{require, split_addr};

/// How often another free port is tried, where somebody was faster.
const PORTS_TRIED: usize = 5;

/// The user `nobody` and the group `nogroup`, as Debian numbers them.
const NOBODY: u32 = 65534;

/// The password of bob, the one user of [`POP3`] and [`IMAP`].
pub(crate) const PASSWORD: &str = "sesame";

/// What kind of server it is.
pub(crate) struct Kind {
    /// Its program, and what else of it must be there.
    programs: &'static [&'static str],
    /// Where documents and printed commands have it.
    pub(crate) usual: &'static str,
    /// What it writes once it takes connections; it ends where it cannot.
    ready: Ready,
    /// Adds its arguments, and what they name to its folder.
    prepare: fn(&mut Command, &Site),
}

/// Where it says that it is ready, and what it says.
enum Ready {
    Stdout(&'static str),
    Stderr(&'static str),
}

/// What a server is given.
struct Site<'a> {
    program: &'a Path,
    host: &'a str,
    port: &'a str,
    home: &'a Path,
    twist: &'a Twist,
}

/// What is another about a server than about others of its kind.
pub(crate) enum Twist {
    Nothing,
    /// It has more arguments.
    Args(&'static [&'static str]),
    /// Its settings have the second where others have the first.
    Settings(&'static str, &'static str),
    /// It has this certificate and the key to it, in PEM, and speaks TLS when asked to.
    Sealed(String, String),
}

pub(crate) const REDIS: Kind = Kind {
    programs: &["redis-server"],
    usual: "localhost:6379",
    ready: Ready::Stdout("Ready to accept connections"),
    prepare: |command, site| {
        command.args(["--bind", site.host, "--port", site.port]);
        command.args(["--save", "", "--appendonly", "no"]);
    },
};

pub(crate) const MEMCACHED: Kind = Kind {
    programs: &["memcached"],
    usual: "localhost:11211",
    ready: Ready::Stderr("server listening"),
    prepare: |command, site| {
        command.args(["-vv", "-l", site.host, "-p", site.port, "-U", "0"]);
    },
};

pub(crate) const NATS: Kind = Kind {
    programs: &["nats-server"],
    usual: "localhost:4222",
    ready: Ready::Stderr("Server is ready"),
    prepare: |command, site| {
        command.args(["-a", site.host, "-p", site.port]);
    },
};

/// An IRC server.
pub(crate) const IRC: Kind = Kind {
    programs: &["ngircd"],
    usual: "localhost:6667",
    ready: Ready::Stdout(" ready."),
    prepare: |command, site| {
        let settings = site.settings(include_str!("servers/ngircd.conf"));
        command.args(["--nodaemon", "--config", &settings]);
    },
};

/// An SMTP server that takes mail for alice and bob of example.org.
pub(crate) const SMTP: Kind = Kind {
    programs: &["exim4"],
    usual: "localhost:25",
    ready: Ready::Stderr("daemon started"),
    prepare: |command, site| {
        let settings = site.settings(include_str!("servers/exim4.conf"));
        command.args(["-C", &settings, "-bdf"]);
    },
};

/// A POP3 server at which bob has the mails of `servers/mail`.
pub(crate) const POP3: Kind = Kind {
    programs: &["dovecot", "/usr/lib/dovecot/pop3-login"],
    usual: "localhost:110",
    ready: Ready::Stderr("starting up for pop3"),
    prepare: |command, site| dovecot(command, site, "pop3"),
};

/// An IMAP server at which bob has the same.
pub(crate) const IMAP: Kind = Kind {
    programs: &["dovecot", "/usr/lib/dovecot/imap-login"],
    usual: "localhost:143",
    ready: Ready::Stderr("starting up for imap"),
    prepare: |command, site| dovecot(command, site, "imap"),
};

/// All kinds.
pub(crate) const KINDS: [&Kind; 7] = [&REDIS, &MEMCACHED, &NATS, &IRC, &SMTP, &POP3, &IMAP];

/// A server that runs. Dropped, it is stopped.
pub(crate) struct Server {
    addr: String,
    running: Running,
}

impl Server {
    /// Starts one, and waits until it takes connections.
    #[track_caller]
    pub(crate) fn start(kind: &Kind) -> Option<Server> {
        Server::start_with(kind, &Twist::Nothing)
    }

    /// Starts one that is another than the others of its kind.
    #[track_caller]
    pub(crate) fn start_with(kind: &Kind, twist: &Twist) -> Option<Server> {
        let found: Option<Vec<_>> = kind.programs.iter().map(|program| require(program)).collect();
        let program = &found?[0];
        let mut failed = Vec::new();
        while failed.len() < PORTS_TRIED {
            // Not all can say which port they got for 0, so somebody else may get this one first.
            let addr = listen().1.to_string();
            let server = Server { running: serve(kind, twist, program, &addr), addr };
            let ready = match kind.ready {
                Ready::Stdout(told) => server.running.says_on_stdout(told),
                Ready::Stderr(told) => server.running.says_on_stderr(told),
            };
            if ready {
                return Some(server);
            }
            failed.push(server);
        }
        let name = program.display();
        fail(&format!("{name} does not start, or none of {PORTS_TRIED} ports was free"))
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> &str {
        &self.addr
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Those that have processes of their own stop them only where they are asked to end.
        self.running.terminate();
    }
}

fn serve(kind: &Kind, twist: &Twist, program: &Path, addr: &str) -> Running {
    let home = TempDir::new().expect("a temporary folder");
    let (host, port) = split_addr(addr);
    let site = Site { program, host, port, home: home.path(), twist };
    let mut command = Command::new(program);
    command.current_dir(home.path());
    (kind.prepare)(&mut command, &site);
    if let Twist::Args(args) = twist {
        command.args(*args);
    }
    if is_root() {
        give(home.path());
        command.uid(NOBODY).gid(NOBODY);
    }
    Running::start(command, None, Some(home))
}

/// Dovecot with one protocol. What it calls the mailbox and the mails in it hangs on the port, as it does
/// on the time where Dovecot makes up these names.
fn dovecot(command: &mut Command, site: &Site, protocol: &str) {
    let settings = match site.version() {
        version if version.starts_with("2.3") => include_str!("servers/dovecot-2.3.conf"),
        _ => include_str!("servers/dovecot-2.4.conf"),
    };
    site.write("users", &format!("bob:{{PLAIN}}{PASSWORD}\n"));
    site.write("bob/mail/cur/1.first:2,", include_str!("servers/mail/first"));
    site.write("bob/mail/cur/2.second:2,", include_str!("servers/mail/second"));
    let first: u32 = site.port.parse().expect("a port is a number");
    let [second, next] = [first + 1, first + 2];
    let names = format!("3 V{first} N{next} G{first:032x}\n{first} :1.first\n{second} :2.second\n");
    site.write("bob/mail/dovecot-uidlist", &names);
    let mut settings = settings.replace("@protocol@", protocol);
    if let Twist::Sealed(cert, key) = site.twist {
        site.write("cert.pem", cert);
        site.write("key.pem", key);
        settings = settings.replace("ssl = no\n", "ssl = yes\n").replace("#sealed ", "");
    }
    let settings = site.settings(&settings);
    command.args(["-F", "-c", &settings]);
}

impl Site<'_> {
    /// Writes a file into its folder.
    fn write(&self, name: &str, text: &str) {
        let path = self.home.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is ours");
        fs::write(path, text).expect("the folder is ours");
    }

    /// Writes its settings, `@home@` and the like filled in; the path of them.
    fn settings(&self, template: &str) -> String {
        let (user, group) = if is_root() {
            ("nobody".to_owned(), "nogroup".to_owned())
        } else {
            (ask("id", &["-un"]), ask("id", &["-gn"]))
        };
        let home = self.home.to_str().expect("temporary folders have names in ASCII");
        let fields =
            [("@home@", home), ("@port@", self.port), ("@user@", &user), ("@group@", &group)];
        let fill = |text: String, (field, value): (&str, &str)| text.replace(field, value);
        let template = match self.twist {
            Twist::Settings(was, is) => {
                assert!(template.contains(was), "{was} is not in {template}");
                template.replace(was, is)
            }
            Twist::Nothing | Twist::Args(_) | Twist::Sealed(..) => template.to_owned(),
        };
        self.write("settings", &fields.into_iter().fold(template, fill));
        format!("{home}/settings")
    }

    fn version(&self) -> String {
        ask(self.program.to_str().expect("its path is ASCII"), &["--version"])
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What a program prints.
fn ask(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let output = output.unwrap_or_else(|error| fail(&format!("{program}: {error}")));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Makes a folder and all that is in it `nobody`'s.
fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("root gives what it likes");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("the folder is ours") {
            give(&entry.expect("the folder is ours").path());
        }
    }
}
