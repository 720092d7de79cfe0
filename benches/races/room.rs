//! Rooms: servers through which guests hear each other.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{Process, command, free_port, installed, wait_for};
use crate::{Outcome, ours};

/// A kind of room.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Room {
    Ours,
    Bare,
    Broker,
    Chat,
    Ngircd,
    Nats,
    Redis,
}

/// A room that is open.
pub(crate) struct Open {
    pub(crate) room: Room,
    pub(crate) port: u16,
    pub(crate) process: Process,
    /// What the server reads and writes.
    _folder: tempfile::TempDir,
}

impl Room {
    const ALL: [Room; 7] =
        [Room::Ours, Room::Bare, Room::Broker, Room::Chat, Room::Ngircd, Room::Nats, Room::Redis];

    /// Its name in a table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Room::Ours => "chat-repl --room",
            Room::Bare => "bare relay",
            Room::Broker => "ncat --broker",
            Room::Chat => "ncat --chat",
            Room::Ngircd => "ngircd",
            Room::Nats => "nats-server",
            Room::Redis => "redis pub/sub",
        }
    }

    /// Those that are installed and take so many guests, ours being the first.
    pub(crate) fn there(guests: usize) -> Vec<Room> {
        let there = |room: &Room| room.program().is_none_or(installed) && guests <= room.most();
        Room::ALL.into_iter().filter(there).collect()
    }

    /// How many guests it takes. `ncat` waits with `select`, which ends at 1,024 descriptors; its `--chat` tells
    /// everybody of every newcomer with a list of all, which takes more than a minute for 1,000. ngIRCd, which tells
    /// everybody as a room of ours does, takes more than ten for 10,000.
    fn most(self) -> usize {
        match self {
            Room::Broker | Room::Ngircd => 1001,
            Room::Chat => 200,
            _ => usize::MAX,
        }
    }

    /// How many guests may come at once: no more than its queue of those who wait holds, or the kernel has them
    /// try again after a second.
    pub(crate) fn burst(self) -> usize {
        match self {
            Room::Ours | Room::Bare | Room::Nats | Room::Redis => 256,
            Room::Broker | Room::Chat | Room::Ngircd => 8,
        }
    }

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Outcome<Room> {
        let found = Room::ALL.into_iter().find(|room| room.name() == name);
        found.ok_or_else(|| format!("there is no room `{name}`").into())
    }

    /// What must be installed.
    fn program(self) -> Option<&'static str> {
        match self {
            Room::Ours | Room::Bare => None,
            Room::Broker | Room::Chat => Some("ncat"),
            Room::Ngircd => Some("ngircd"),
            Room::Nats => Some("nats-server"),
            Room::Redis => Some("redis-server"),
        }
    }

    /// Whether senders have conns of their own: a Redis client that listens cannot publish.
    pub(crate) fn parts_senders(self) -> bool {
        self == Room::Redis
    }

    /// Opens it. A `patient` one waits for slow guests as long as it can be told to; else with its defaults.
    pub(crate) fn open(self, patient: bool) -> Outcome<Open> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let mut process = Process::start(&mut self.command(port, folder.path(), patient)?)?;
        wait_for(&mut process, port)?;
        Ok(Open { room: self, port, process, _folder: folder })
    }

    fn command(self, port: u16, folder: &Path, patient: bool) -> Outcome<Command> {
        let number = port.to_string();
        let mut command = match self {
            Room::Ours => {
                let mut command = command(ours());
                command.args(["-q", "--room", "--listen", &format!("127.0.0.1:{port}")]);
                command
            }
            Room::Bare => crate::bare::command(&["relay", &number]),
            Room::Broker | Room::Chat => {
                let mut command = command("ncat");
                let way = if self == Room::Chat { "--chat" } else { "--broker" };
                command.args(["-l", way, "-m", "1010", "127.0.0.1", &number]);
                command
            }
            Room::Ngircd => {
                let config = folder.join("ngircd.conf");
                fs::write(&config, ngircd(port, folder))?;
                let mut command = command("ngircd");
                command.arg("-n").arg("-f").arg(config);
                command
            }
            Room::Nats => {
                let config = folder.join("nats.conf");
                fs::write(&config, nats(port, patient))?;
                let mut command = command("nats-server");
                command.arg("-c").arg(config);
                command
            }
            Room::Redis => redis(port, patient),
        };
        command.current_dir(folder);
        Ok(command)
    }

    /// What the `n`-th guest says to be in the room.
    pub(crate) fn entry(self, n: usize) -> String {
        match self {
            Room::Ours | Room::Bare | Room::Broker | Room::Chat => String::new(),
            Room::Ngircd => format!("NICK g{n}\r\nUSER g 0 * :g\r\nJOIN #r\r\n"),
            Room::Nats => "CONNECT {\"verbose\":false,\"echo\":false}\r\nSUB r 1\r\n".to_owned(),
            Room::Redis => "SUBSCRIBE r\r\n".to_owned(),
        }
    }

    /// How a line, without its end, is said to the others.
    pub(crate) fn said(self, line: &str) -> String {
        let size = line.len();
        match self {
            Room::Ours | Room::Bare | Room::Broker | Room::Chat => format!("{line}\n"),
            Room::Ngircd => format!("PRIVMSG #r :{line}\r\n"),
            Room::Nats => format!("PUB r {size}\r\n{line}\r\n"),
            Room::Redis => {
                format!("*3\r\n$7\r\nPUBLISH\r\n$1\r\nr\r\n${size}\r\n{line}\r\n")
            }
        }
    }
}

/// No limits, no penalties, no names to look up.
fn ngircd(port: u16, folder: &Path) -> String {
    format!(
        "[Global]\nName = irc.example.net\nInfo = bench\nListen = 127.0.0.1\nPorts = {port}\n\
         MotdPhrase = hello\nPidFile =\n[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\n\
         MaxPenaltyTime = 0\nMaxNickLength = 20\nPingTimeout = 3600\n[Options]\nDNS = no\n\
         Ident = no\nPAM = no\nIncludeDir = {}\n",
        folder.display()
    )
}

fn nats(port: u16, patient: bool) -> String {
    let waits = if patient { "write_deadline: \"60s\"\nmax_pending: 1GB\n" } else { "" };
    format!("host: 127.0.0.1\nport: {port}\nping_interval: \"1h\"\n{waits}")
}

fn redis(port: u16, patient: bool) -> Command {
    let mut command = command("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--save", "", "--appendonly", "no", "--maxclients", "12000"]);
    if patient {
        command.args(["--client-output-buffer-limit", "pubsub 0 0 0"]);
    }
    command
}
