//! Reports of scripts that failed, as a terminal draws them and as a file gets them.

use regex::Regex;
use tempfile::TempDir;
use vt100::{Color, Screen};

use crate::support::peer::ScriptedServer;
use crate::support::proc::{Repl, stderr};
use crate::support::pty::Pty;
use crate::support::{DEADLINE, folder};

const SCRIPT: &str = "/expect ready\n/expect -t 20ms ^日本語 🎉 café: 5 ok$\n";

/// What a peer says to it: the `4` is what differs.
const SAID: &str = "ready\n日本語 🎉 café: 4 ok\n";

fn server() -> ScriptedServer {
    ScriptedServer::start(|mut peer| {
        peer.say(SAID);
        peer.read_to_end_within(DEADLINE);
    })
}

fn repl(server: &ScriptedServer, dir: &TempDir) -> Repl {
    let repl = Repl::new().args(["-q", "--connect", &server.addr(), "--script", "wide.chat"]);
    repl.current_dir(dir.path())
}

/// What standard error got where it is a pipe, with the times all the same.
fn piped(args: &[&str]) -> String {
    let (server, dir) = (server(), folder(&[("wide.chat", SCRIPT)]));
    let ended = repl(&server, &dir).args(args).run().code(1);
    server.finish();
    let told = stderr(&ended);
    Regex::new(r"\+[0-9]+(us|ms|s)").unwrap().replace_all(&told, "+0ms").into_owned()
}

fn width(screen: &Screen) -> u16 {
    screen.size().1.get()
}

/// The row of a screen that begins with this, and what it shows.
fn row(screen: &Screen, begins: &str) -> Option<(u16, String)> {
    let mut rows = screen.rows(0, width(screen)).zip(0..);
    rows.find(|(text, _)| text.starts_with(begins)).map(|(text, row)| (row, text))
}

/// The columns of the cells in a row that hold `what`.
fn columns(screen: &Screen, row: u16, what: &str) -> Vec<u16> {
    let holds =
        |column: &u16| screen.cell(row, *column).is_some_and(|cell| cell.contents() == what);
    (0..width(screen)).filter(holds).collect()
}

#[test]
fn on_a_terminal_marks_stand_under_what_they_mean_in_colour() {
    let (server, dir) = (server(), folder(&[("wide.chat", SCRIPT)]));
    let repl = repl(&server, &dir);
    let mut pty = Pty::spawn(repl.command(), 24, 80);
    pty.wait_for(|screen| row(screen, "   = 日本語").is_some());
    pty.wait_for(|screen| {
        let Some((line, _)) = row(screen, "   = 日本語") else { return false };
        let differs = columns(screen, line, "4");
        differs.len() == 1 && columns(screen, line + 1, "^") == differs
    });
    pty.wait_for(|screen| {
        let (source, text) = row(screen, " 2 | /expect").expect("the line of the script");
        let start = columns(screen, source, "^")[0];
        let end = columns(screen, source, "$")[0];
        let carets: Vec<u16> = (start..=end).collect();
        assert!(text.ends_with("5 ok$"), "{text}");
        columns(screen, source + 1, "^") == carets
    });
    pty.wait_for(|screen| {
        let (headline, _) = row(screen, "error: no line matched").expect("a headline");
        let cell = screen.cell(headline, 0).expect("a cell");
        cell.fgcolor() == Color::Idx(1) && cell.bold()
    });
    assert_eq!(pty.wait_exit().code(), Some(1));
    server.finish();
}

#[test]
fn where_it_is_no_terminal_a_report_is_plain_text() {
    let plain = piped(&[]);
    assert!(!plain.contains('\x1b'), "{plain:?}");
    let coloured = piped(&["--color", "always"]);
    assert!(coloured.starts_with("\x1b[1m\x1b[31merror:\x1b[0m "), "{coloured:?}");
    let stripped = Regex::new("\x1b\\[[0-9;]*m").unwrap().replace_all(&coloured, "");
    assert_eq!(stripped, plain);
}
