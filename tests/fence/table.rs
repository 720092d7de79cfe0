//! The table of allowed edges.

/// What one room may use.
pub(super) struct Room {
    /// The room: a folder or a file directly below `src`.
    pub(super) name: &'static str,
    /// The other rooms, or single items of them (`session::Ending`), that it may use.
    pub(super) rooms: &'static [&'static str],
    /// The crates that it may use, `std` apart.
    pub(super) crates: Crates,
    /// What of `std` it does without.
    pub(super) barred: &'static [&'static [&'static str]],
}

/// Crates that a room may use.
pub(super) enum Crates {
    /// Any that `Cargo.toml` has.
    Any,
    /// These.
    Only(&'static [&'static str]),
}

use Crates::{Any, Only};

/// Time is an argument: [`chat_repl::units::At`].
const CLOCK: &[&str] = &["std::time::Instant", "std::time::SystemTime"];

/// What reaches out of the program.
const WORLD: &[&str] =
    &["std::net", "std::fs", "std::os", "std::env", "std::process", "std::thread"];

/// The standard streams, and the macros that write to them.
const PRINTING: &[&str] = &[
    "std::println",
    "std::print",
    "std::eprintln",
    "std::eprint",
    "std::dbg",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
];

/// Code that the fence would not see.
const UNSEEN: &[&str] = &["std::include"];

/// The bars of a room that is all thought.
const PURE: &[&[&str]] = &[CLOCK, WORLD, PRINTING, UNSEEN];

/// Every room that has others, the one that composes them first.
const ALL: &[&str] = &[
    "app",
    "cli",
    "command",
    "drive",
    "error",
    "load",
    "manual",
    "matching",
    "net",
    "page",
    "replay",
    "script",
    "session",
    "suite",
    "term",
    "transcript",
    "units",
    "wire",
];

/// Every room but the one that composes them.
const ALL_BUT_APP: &[&str] = match ALL {
    [_app, others @ ..] => others,
    [] => &[],
};

/// Who may know whom. Nobody but `lib` knows `app`.
pub(super) const ROOMS: &[Room] = &[
    Room { name: "units", rooms: &[], crates: Only(&[]), barred: PURE },
    Room {
        name: "wire",
        rooms: &["units"],
        crates: Only(&["bytes", "encoding_rs", "memchr", "thiserror"]),
        barred: PURE,
    },
    Room {
        name: "matching",
        rooms: &["wire"],
        crates: Only(&["base64", "bytes", "memchr", "regex", "regex_syntax", "thiserror"]),
        barred: PURE,
    },
    Room {
        name: "command",
        rooms: &["matching", "wire", "units"],
        crates: Only(&["bytes", "thiserror"]),
        barred: PURE,
    },
    Room { name: "manual", rooms: &["command::help"], crates: Only(&["clap"]), barred: PURE },
    Room {
        name: "session",
        rooms: &["matching::most_similar", "wire", "units"],
        crates: Only(&["bytes", "memchr", "unicode_normalization"]),
        barred: &[CLOCK, WORLD, PRINTING, UNSEEN, &["std::io"]],
    },
    Room {
        name: "script",
        rooms: &["command", "matching", "session", "wire", "units"],
        crates: Only(&["anstyle", "bytes", "memchr", "thiserror", "unicode_width"]),
        barred: PURE,
    },
    Room {
        name: "net",
        rooms: &["session::Ending", "session::Secured", "wire", "units"],
        crates: Only(&[
            "base64",
            "bip39",
            "bytes",
            "jiff",
            "mio",
            "nix",
            "rcgen",
            "ring",
            "rustix",
            "rustls",
            "rustls_native_certs",
            "socket2",
            "spake2",
            "thiserror",
            "webpki",
        ]),
        barred: &[PRINTING, UNSEEN],
    },
    Room {
        name: "page",
        rooms: &["wire", "units"],
        crates: Only(&["base64", "ring"]),
        barred: PURE,
    },
    Room {
        name: "transcript",
        rooms: &["page", "session", "matching", "wire", "units"],
        crates: Only(&[
            "anstyle",
            "bytes",
            "jiff",
            "memchr",
            "regex",
            "rustix",
            "serde",
            "serde_json",
            "tempfile",
            "thiserror",
            "unicode_width",
        ]),
        barred: &[&["std::net"], PRINTING, UNSEEN],
    },
    Room {
        name: "replay",
        rooms: &["transcript", "script", "matching", "session", "wire", "units"],
        crates: Only(&["anstyle", "bytes", "memchr", "thiserror", "unicode_width"]),
        barred: PURE,
    },
    Room {
        name: "term",
        rooms: &["session", "wire", "units"],
        crates: Only(&[
            "anstyle",
            "jiff",
            "nix",
            "rustix",
            "rustyline",
            "thiserror",
            "unicode_width",
        ]),
        barred: &[&["std::net"], UNSEEN],
    },
    Room {
        name: "cli",
        rooms: &[
            "load::Condition",
            "matching::is_name",
            "matching::Mask",
            "matching::Secrets",
            "net",
            "replay::Options",
            "replay::Order",
            "suite::names_port",
            "suite::Slots",
            "transcript::Named",
            "transcript::export",
            "session::Name",
            "wire",
            "units",
        ],
        crates: Any,
        barred: &[PRINTING, UNSEEN],
    },
    Room {
        name: "suite",
        rooms: &[
            "drive",
            "page",
            "replay",
            "transcript",
            "script",
            "session",
            "matching::Secrets",
            "net",
            "wire",
            "units",
        ],
        crates: Only(&[
            "anstream",
            "anstyle",
            "memchr",
            "quick_xml",
            "rustix",
            "serde",
            "serde_json",
            "tempfile",
            "thiserror",
            "unicode_width",
        ]),
        barred: &[UNSEEN],
    },
    Room {
        name: "load",
        rooms: &["drive", "page", "wire", "units"],
        crates: Only(&[
            "anstyle",
            "base64",
            "jiff",
            "memchr",
            "miniz_oxide",
            "nix",
            "serde",
            "serde_json",
            "thiserror",
            "unicode_width",
        ]),
        barred: &[PRINTING, UNSEEN],
    },
    Room { name: "error", rooms: ALL_BUT_APP, crates: Any, barred: &[UNSEEN] },
    Room { name: "drive", rooms: ALL_BUT_APP, crates: Any, barred: &[UNSEEN] },
    Room { name: "app", rooms: ALL_BUT_APP, crates: Any, barred: &[UNSEEN] },
    Room { name: "lib", rooms: ALL, crates: Any, barred: &[UNSEEN] },
    Room { name: "main", rooms: &["lib::run"], crates: Only(&[]), barred: &[PRINTING, UNSEEN] },
];
