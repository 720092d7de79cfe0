//! The report of a load as a page.

use std::fs;

use super::answers::{Answer, Answers};
use super::{hellos, load};
use crate::support::browser;
use crate::support::proc::Repl;
use crate::support::says;

#[test]
fn a_page_has_the_figures_and_the_plots_and_runs_nothing() {
    let hostile = "</pre><script>document.title='RAN'</script>";
    let server = Answers::start(move |_| Answer::Say(hostile.to_owned()));
    let dir = hellos(1);
    let html = dir.path().join("report.html");
    let options = ["--times", "3", "--html", "report.html"];
    let told = load(dir.path(), "hello.json", &server.addr(), &options, 1);
    told.ended([0, 3, 0, 0, 0, 0]);
    let page = fs::read_to_string(&html).unwrap();
    assert!(page.contains("<li class=\"failed\"><strong>3</strong>failed</li>"), "{page}");
    let Some(seen) = browser::open(&html) else { return };
    assert!(seen.dom.contains(&format!("<title>hello.json to {}</title>", server.addr())));
    assert_eq!((seen.dom.matches("<script").count(), seen.console), (1, vec![]));
}

#[test]
fn what_was_measured_is_drawn() {
    let server = Answers::echo();
    let dir = hellos(10);
    let run = |args: &[&str]| Repl::new().args(["load"]).args(args).current_dir(dir.path()).run();
    let addr = server.addr();
    let how = ["hello.chat", "--connect", &addr, "--times", "30", "--json"];
    let measured = run(&how).success();
    fs::write(dir.path().join("a.json"), &measured.get_output().stdout).unwrap();
    run(&["--merge", "a.json", "--html", "report.html"]).success();
    let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
    for part in
        ["<strong>300</strong>turns", "<strong>30</strong>sessions ok", "class=\"bar\"", "samples"]
    {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let nowhere = run(&["--merge", "a.json", "--html", "no/where.html"]).code(3).stdout("");
    nowhere.stderr(says::error("cannot write `no/where.html`: no such file or directory"));
}
