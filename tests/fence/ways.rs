//! All the ways around the fence, so that it cannot pass for want of looking.

use super::{Breach, breaches, told};
use crate::fence::paths::Source;

fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), text: text.into() }
}

/// What the fence says of one file.
fn looked_at(path: &str, text: &str) -> Vec<Breach> {
    breaches(&[source(path, text)])
}

/// Asserts that the fence finds this rule broken on the last line of the file.
#[track_caller]
fn finds(path: &str, text: &str, rule: &str) {
    let found = looked_at(path, text);
    let line = text.lines().count();
    let hit = found.iter().any(|breach| breach.line == line && breach.rule.starts_with(rule));
    assert!(hit, "not found: {rule}\nin:\n{text}\nbut:{}", told(&found));
}

#[test]
fn an_edge_between_rooms_is_found_however_it_is_written() {
    for text in [
        "use crate::net;",
        "use crate::net::Conn;",
        "use crate::{units::At, net::Conn};",
        "use crate::net::*;",
        "use super::super::net::Conn;",
        "use chat_repl::net::Conn;",
        "pub use crate::net::Conn as Peer;",
        "fn f(conn: &crate::net::Conn) {}",
        "fn f() -> Vec<Option<crate::net::Conn>> { vec![] }",
        "fn f() { let _ = crate::net::Conn::open(); }",
        "fn f() { if let crate::net::Ended(_) = x {} }",
        "fn f() { use crate::net::Conn; }",
        "fn f<T: crate::net::Stream>() {}",
        "impl crate::net::Stream for X {}",
        "fn f() { <X as crate::net::Stream>::read(); }",
        "fn f() { vec![1, g(crate::net::PORT)]; }",
        "fn f() { assert!(matches!(x, Some(crate::net::Ended(_)))); }",
        "macro_rules! m { () => { $crate::net::Conn::open() }; }",
        "macro_rules! m { () => { use $crate::{units::At, net::{Conn}}; }; }",
        "#[derive(Clone, crate::net::Derived)] struct X;",
        "#[serde(with = \"crate::net\")] struct X;",
        "mod inner { fn f() { super::super::super::net::open(); } }",
        "mod inner { use super::super::super::net::Conn; }",
        "use crate::units as u;\nuse crate::net as n;",
        "fn f() { self::super::super::net::open(); }",
    ] {
        finds("src/wire/line.rs", text, "wire must not use net");
    }
}

#[test]
fn an_alias_hides_nothing() {
    let edge = "wire must not use net";
    finds("src/wire/line.rs", "use crate as c;\nfn f() { c::net::open(); }", edge);
    finds("src/wire/line.rs", "use crate::{self as c};\nuse c::net::Conn;", edge);
    finds("src/wire/line.rs", "use crate as a; use a as b;\nfn f() { b::net::open(); }", edge);
    finds("src/wire/line.rs", "use crate::wire as w;\nfn f() { w::super::net::open(); }", edge);
    finds("src/wire/line.rs", "mod m { pub use crate as c; }\nfn f() { m::c::net::open(); }", edge);
    finds(
        "src/wire/line.rs",
        "use crate as c;\nmod tests { use super::*;\nfn f() { m!(c::net::open()); } }",
        edge,
    );
    finds("src/wire/line.rs", "use crate as c;", "wire must not use lib");
    finds("src/wire/line.rs", "use crate::*;", "wire must not use lib");
    finds("src/wire/line.rs", "use crate::Conn;", "wire must not use lib");
}

#[test]
fn an_alias_in_another_file_of_the_room_hides_nothing() {
    let parent = source("src/wire/mod.rs", "mod line;\nuse crate as c;\nuse std::time;");
    let child = source(
        "src/wire/line.rs",
        "fn f() { super::c::net::open(); }\nfn g() { crate::wire::time::Instant::now(); }",
    );
    let found = breaches(&[parent, child]);
    let rules: Vec<_> =
        found.iter().filter(|b| b.file.ends_with("line.rs")).map(|b| &b.rule).collect();
    assert_eq!(rules.len(), 2, "{}", told(&found));
    assert!(rules[0].starts_with("wire must not use net"), "{}", rules[0]);
    assert!(rules[1].starts_with("wire does without `std::time::Instant`"), "{}", rules[1]);
}

#[test]
fn a_single_item_may_be_all_that_is_allowed() {
    let edge = "net must not use session, but for `session::Ending`";
    finds("src/net/conn.rs", "use crate::session::Session;", edge);
    finds("src/net/conn.rs", "use crate::session;", edge);
    finds("src/net/conn.rs", "use crate::session::*;", edge);
    let found = looked_at(
        "src/net/conn.rs",
        "use crate::session::Ending;\nfn f() -> Ending { Ending::Eof }",
    );
    assert!(found.is_empty(), "{}", told(&found));
}

#[test]
fn a_crate_is_found_however_it_is_written() {
    for (text, krate) in [
        ("use mio::Poll;", "mio"),
        ("use mio;", "mio"),
        ("use ::mio::Poll;", "mio"),
        ("extern crate mio as m;", "mio"),
        ("use mio as m;\nfn f() { m::Poll::new(); }", "mio"),
        ("fn f() { mio::Poll::new(); }", "mio"),
        ("fn f() { let _ = vec![::mio::Poll::new()]; }", "mio"),
        ("#[derive(serde::Serialize)] struct X;", "serde"),
        ("#[rustyline::helper] struct X;", "rustyline"),
        ("fn f() { serde_json::json!({}); }", "serde_json"),
    ] {
        finds("src/session/direct.rs", text, &format!("session must not use the crate {krate}"));
    }
}

#[test]
fn what_a_pure_room_does_without_is_found() {
    for (text, item) in [
        ("fn f() { let _ = std::time::Instant::now(); }", "std::time::Instant"),
        ("use std::time::Instant;", "std::time::Instant"),
        ("use std::time::*;", "std::time::Instant"),
        ("use std::time;\nfn f() { time::SystemTime::now(); }", "std::time::SystemTime"),
        ("use std::time::Instant as T;\nfn f() { T::now(); }", "std::time::Instant"),
        ("use std as s;\nfn f() { s::net::lookup(); }", "std::net"),
        ("use core::net::IpAddr;", "std::net"),
        ("use std::{fmt, fs::{self, File}};", "std::fs"),
        ("fn f() { println!(\"x\"); }", "std::println"),
        ("fn f() { std::eprintln!(\"x\"); }", "std::eprintln"),
        ("fn f() { assert!({ dbg!(x); true }); }", "std::dbg"),
        ("fn f() { std::io::stdout().lock(); }", "std::io::stdout"),
        ("fn f() { include!(\"../net/conn.rs\"); }", "std::include"),
        ("#[path = \"../net/conn.rs\"] mod conn;", "std::include"),
    ] {
        let rule = format!("matching does without `{item}`");
        finds("src/matching/pattern.rs", text, &rule);
    }
    finds("src/session/direct.rs", "use std::io;", "session does without `std::io`");
}

#[test]
fn unsafe_code_is_found() {
    finds("src/net/conn.rs", "fn f() { unsafe { g() } }", "unsafe code");
    finds("src/net/conn.rs", "macro_rules! m { () => { unsafe { g() } }; }", "unsafe code");
}

#[test]
fn the_program_only_runs_the_library() {
    finds("src/main.rs", "use chat_repl::wire::Line;", "main must not use wire");
    finds("src/main.rs", "use chat_repl::*;", "main must not use lib, but for `lib::run`");
    finds("src/main.rs", "fn main() { clap::parse(); }", "main must not use the crate clap");
    finds("src/drive/mod.rs", "use crate::app::chat;", "drive must not use app");
    finds("src/drive/mod.rs", "fn f() { crate::run(vec![]); }", "drive must not use lib");
}

#[test]
fn a_room_that_the_table_does_not_have_is_found() {
    for path in ["src/tap.rs", "src/tap/mod.rs", "src/tap/deep/er.rs"] {
        let found = looked_at(path, "//! New.");
        assert_eq!(found.len(), 1, "{}", told(&found));
        assert!(found[0].rule.contains("`tap` is not in the table"), "{}", found[0].rule);
    }
}

#[test]
fn a_breach_says_file_line_path_and_rule() {
    let found = looked_at("src/wire/line.rs", "\nuse crate::net::Conn;");
    assert_eq!(
        told(&found),
        "\nsrc/wire/line.rs:2: `crate::net::Conn`: wire must not use net (here `net::Conn`)"
    );
}

#[test]
fn what_is_allowed_is_left_alone() {
    let text = r#"
        //! Not a path: [`crate::net::Conn`], mio::Poll.
        mod arg;
        pub use arg::{Arg, spans::Span};
        use std::fmt::{self, Write as _};
        use std::time::Duration;
        use bytes::{self, Bytes};
        use crate::units::{At, parse_duration};
        use crate::wire::Eol;
        use super::script;
        /// See [`crate::drive`].
        #[must_use]
        #[expect(clippy::too_many_lines, reason = "crate::net is not used")]
        pub(crate) fn f(at: At) -> u64 {
            // crate::net::Conn
            let said = "crate::net::Conn println!";
            let most = u64::MAX.max(u64::from(char::MAX as u32));
            let sum = vec![1].iter().collect::<Vec<_>>().len();
            assert_eq!(Vec::<u8>::new().len(), std::mem::size_of::<u8>(), "{said} {:?}", Arg::new());
            write!(out, "{}", self::arg::spans::none()).ok();
            <u8 as Into<u64>>::into(1)
        }
        macro_rules! arg { ($of:ident) => { $of::parse(Vec::<$of>::new()) }; }
        pub(in crate::script) struct Step;
        #[cfg(test)]
        mod tests {
            use super::*;
            use proptest::prelude::*;
            fn f() { let _ = arg::Arg::new(); tempfile::tempdir(); }
        }
    "#;
    let found = looked_at("src/script/step.rs", text);
    assert!(found.is_empty(), "{}", told(&found));
}

#[test]
fn tests_keep_to_the_edges_of_their_room() {
    let text = "#[cfg(test)]\nmod tests { use proptest::prelude::*;\nuse crate::net::Conn; }";
    let found = looked_at("src/wire/line.rs", text);
    assert_eq!(found.len(), 1, "{}", told(&found));
    finds("src/wire/line.rs", text, "wire must not use net");
}
