//! Pages in a real browser: what they show, and that nothing of what was said runs in them.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use crate::support::browser::{self, Seen};
use crate::support::folder;
use crate::support::proc::{Repl, stdout};
use crate::support::tape::{client, on, server, tape};

/// What a browser makes of the page of a transcript.
#[track_caller]
fn page(transcript: &str, args: &[&str]) -> Option<Seen> {
    let (_dir, page) = written(transcript, args);
    browser::open(&page)
}

#[track_caller]
fn written(transcript: &str, args: &[&str]) -> (TempDir, PathBuf) {
    let dir = folder(&[("talk.jsonl", transcript)]);
    let show = ["show", "talk.jsonl", "-o", "talk.html"];
    Repl::new().args(show).args(args).current_dir(&dir).run().success().stdout("").stderr("");
    let page = dir.path().join("talk.html");
    (dir, page)
}

/// Lines that set the title where they run.
const HOSTILE: [&str; 12] = [
    "</script><script>document.title='RAN'</script>",
    "</title></style><script>document.title='RAN'</script>",
    "<img src=x onerror=document.title='RAN'>",
    "<svg/onload=document.title='RAN'>",
    "\" autofocus onfocus=\"document.title='RAN'\" x=\"",
    "' autofocus onfocus='document.title=1' x='",
    "javascript:document.title='RAN'",
    "<!-- <![CDATA[ -->",
    "</li></ol></main></body></html><h1>broken</h1>",
    "<iframe srcdoc='<script>parent.document.title=1</script>'>",
    "<meta http-equiv=refresh content='0;url=data:text/html,RAN'>",
    "\u{1b}[2J\0\u{202e}gnp.exe\u{2066}",
];

/// A transcript that says so in every place where text may stand.
fn hostile() -> String {
    let mut events = Vec::new();
    for text in HOSTILE {
        events.push(json!({"ev": "open", "conn": 1, "addr": text, "name": text, (text): text}));
        for from in ["server", "client"] {
            events.push(json!({"dt": 1500, "conn": 1, "from": from, "line": text, "want": text,
                "group": text, "secret": [text], (text): {(text): text}}));
        }
        events.push(json!({"ev": "note", "text": text}));
        events.push(json!({"ev": text, "conn": 1}));
        events.push(json!({"ev": "close", "conn": 1, "from": "server", "how": text}));
    }
    let events: Vec<String> = events.iter().map(ToString::to_string).collect();
    tape(&events)
}

#[test]
fn nothing_that_was_said_runs() {
    let Some(seen) = page(&hostile(), &["--marks", "--title", HOSTILE[1]]) else { return };
    let dom = &seen.dom;
    assert!(dom.contains("<title>&lt;/title&gt;&lt;/style&gt;&lt;script&gt;"), "the title was set");
    let count = |tag: &str| dom.matches(tag).count();
    assert_eq!((count("<script"), count("<h1"), count("<style"), count("<meta")), (1, 1, 1, 6));
    for tag in ["<img", "<iframe", "<svg/", "<!--"] {
        assert_eq!(count(tag), 0, "{tag}");
    }
    assert_eq!(count("<li id="), 1 + 6 * HOSTILE.len(), "each event is there");
    assert!(dom.contains("<u>\\x1b</u>[2J<u>\\x00</u><u>\\u{202e}</u>gnp.exe"));
    assert_eq!(seen.console, [""; 0]);
}

#[test]
fn what_gets_past_the_escaping_would_not_run_either() {
    let (_dir, page) = written(&tape(&[server("hi")]), &[]);
    let html = fs::read_to_string(&page).unwrap();
    let hostile =
        "<script>document.title='RAN'</script><img src=x onerror=\"document.title='RAN'\">";
    fs::write(&page, html.replace("<main>", &format!("{hostile}<main>"))).unwrap();
    let Some(seen) = browser::open(&page) else { return };
    assert!(seen.dom.contains("<title>talk.jsonl</title>"), "{}", seen.dom);
    assert!(seen.console.len() >= 2, "the browser says what it refuses: {:?}", seen.console);
}

#[test]
fn the_script_and_the_style_are_let_in() {
    let Some(seen) = page(&tape(&[server("hi"), client("ho")]), &[]) else { return };
    assert!(seen.dom.contains("<form class=\"tools\" role=\"search\">"), "{}", seen.dom);
    assert_eq!(seen.console, [""; 0]);
}

/// The page with a person's doings after it, which only a browser that may run anything does.
#[track_caller]
fn acted(transcript: &str, doings: &str) -> Option<Seen> {
    acted_at(1000, transcript, doings)
}

/// The same, in a window that is so wide.
#[track_caller]
fn acted_at(width: u32, transcript: &str, doings: &str) -> Option<Seen> {
    let (_dir, page) = written(transcript, &[]);
    let html = fs::read_to_string(&page).unwrap();
    let free = html.replace("http-equiv=\"Content-Security-Policy\"", "name=\"was-policy\"");
    assert_ne!(free, html);
    let doings = format!("<script>{doings}</script></body>");
    fs::write(&page, free.replace("</body>", &doings)).unwrap();
    browser::open_at(&page, width)
}

/// The texts of bubbles that are not hidden.
fn bubbles(dom: &str) -> Vec<&str> {
    let shown = dom.lines().filter(|line| line.starts_with("<li id=") && !line.contains(" h\""));
    shown
        .filter_map(|line| Some(line.split_once("<bdi dir=\"auto\">")?.1.split_once("</bdi>")?.0))
        .collect()
}

#[test]
fn the_filter_hides_what_does_not_match() {
    let talk = tape(&[server("220 Ready"), client("HELO"), server("250 ok"), client("QUIT")]);
    let find = |wanted: &str| {
        format!(
            "{{ const find = document.querySelector('input[type=search]');
             find.value = {wanted:?}; find.form.requestSubmit(); }}"
        )
    };
    for (doings, shown, told) in [
        (find("READY"), &["220 Ready"][..], "1 of 5"),
        (find("/^2[0-9]+ o/"), &["250 ok"], "1 of 5"),
        (find("/(/"), &[], "0 of 5"),
        (
            "document.querySelector('[data-side=server]').click();".into(),
            &["<em>#1</em>open 127.0.0.1:1", "HELO", "QUIT"],
            "3 of 5",
        ),
        (
            find("ok") + &find(""),
            &["<em>#1</em>open 127.0.0.1:1", "220 Ready", "HELO", "250 ok", "QUIT"],
            "",
        ),
    ] {
        let Some(seen) = acted(&talk, &doings) else { return };
        assert_eq!(bubbles(&seen.dom), shown, "{doings}");
        assert!(seen.dom.contains(&format!("<output>{told}</output>")), "{doings}");
        assert_eq!(seen.console, [""; 0]);
    }
}

#[test]
fn conns_are_switched_off_and_on() {
    let two = tape(&[client("one"), on(2, client("two"))]);
    let off = "document.querySelector('[data-conn=\"1\"]').click();";
    let Some(seen) = acted(&two, off) else { return };
    assert_eq!(bubbles(&seen.dom), ["two"]);
}

#[test]
fn every_conn_is_in_sight_however_narrow_the_window_is() {
    let said = |conn: u32| {
        let conn = format!("\"conn\":{conn}");
        [client("one"), server("two")].map(|event| event.replace("\"conn\":1", &conn))
    };
    let six = tape(&(1..=6).flat_map(said).collect::<Vec<_>>());
    let look = "document.title = [...document.querySelectorAll('.talk bdi')].filter(bubble => {
        const { left, right, width } = bubble.getBoundingClientRect();
        return width > 0 && left >= 0 && right <= document.documentElement.clientWidth;
    }).length;";
    for width in [390, 1200] {
        let Some(seen) = acted_at(width, &six, look) else { return };
        let all = seen.dom.matches("<bdi").count();
        assert!(seen.dom.contains(&format!("<title>{all}</title>")), "{width}: {}", seen.dom);
    }
}

#[test]
fn a_silence_stays_in_the_middle_however_narrow_the_window_is() {
    let later = client("two").replace("\"dt\":1", "\"dt\":7000");
    let talk = tape(&[client("one"), later]);
    let look = "const middle = (item) => {
            const { left, right } = item.getBoundingClientRect();
            return (left + right) / 2;
        };
        const silence = document.querySelector('.q');
        const away = Math.abs(middle(silence.querySelector('span')) - middle(silence));
        document.title = away < 1 ? 'in the middle' : `${away} away`;";
    for width in [390, 700, 1200] {
        let Some(seen) = acted_at(width, &talk, look) else { return };
        assert!(seen.dom.contains("<title>in the middle</title>"), "{width}: {}", seen.dom);
    }
}

#[test]
fn a_date_is_not_broken_however_narrow_the_window_is() {
    let look = "const parts = [...document.querySelectorAll('.facts span')];
        const whole = parts.filter(part => part.getClientRects().length === 1 && part.offsetHeight < 30);
        document.title = `${whole.length} of ${parts.length} whole`;";
    let Some(seen) = acted_at(390, &tape(&[client("one")]), look) else { return };
    assert!(seen.dom.contains("<title>4 of 4 whole</title>"), "{}", seen.dom);
}

#[test]
fn a_drawing_has_every_space_that_was_said() {
    let said = ["    four before", "two  between", "one after "];
    let dir = folder(&[("talk.jsonl", &tape(&said.map(server)))]);
    let run = Repl::new().args(["show", "talk.jsonl", "--to", "svg"]).current_dir(&dir).run();
    let look = "document.title = [...document.querySelectorAll('.server')]
        .map(said => said.getNumberOfChars()).join(' ');";
    let page = dir.path().join("drawing.html");
    let drawing = stdout(&run.success());
    fs::write(&page, format!("<title>-</title>{drawing}<script>{look}</script>")).unwrap();
    let Some(seen) = browser::open(&page) else { return };
    let chars = said.map(|line| line.len().to_string()).join(" ");
    assert!(seen.dom.contains(&format!("<title>{chars}</title>")), "{}", seen.dom);
}

#[test]
fn ten_thousand_events_are_all_there() {
    let events: Vec<String> = (0..10_000).map(|n| server(&format!("line {n}"))).collect();
    let Some(seen) = page(&tape(&events), &[]) else { return };
    assert_eq!(seen.dom.matches("<li id=").count(), 10_001);
    assert!(seen.dom.contains(">line 9999</bdi>"));
    assert_eq!(seen.console, [""; 0]);
}
