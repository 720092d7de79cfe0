//! The person's terminal: what is shown, what is typed.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal};

use anstream::ColorChoice;

use super::stderr::Stderr;
use crate::matching::Secrets;
use crate::script::Report;
use crate::session::{Notice, Record};
use crate::term::{Editor, Look, Printer, Terminal, View};
use crate::units::{At, count};
use crate::wire::{ConnId, Visible};

/// Where people are told things: on the terminal, or on standard error.
pub(super) struct Screen {
    shown: Option<Shown>,
    quiet: bool,
    /// There where it is not the terminal that shows the conversation: notices go to it.
    stderr: Option<Stderr>,
    /// What was told, where it is shown nowhere.
    kept: Option<Kept>,
    /// What is not to be seen.
    secrets: Secrets,
}

/// What was told, as long as it is not too much.
#[derive(Default)]
struct Kept {
    text: String,
    /// How many lines are not in it.
    more: u64,
}

/// Bytes of what is told that are kept for somebody to look at later: more than anybody reads.
const KEPT: usize = 64 << 10;

struct Shown {
    printer: Printer,
    view: View,
    /// The conversation itself is shown, and not only what is told.
    conversation: bool,
    colour: bool,
    editor: Option<Editor>,
    lines: String,
}

/// How people are told things.
pub(super) struct Telling {
    /// `--quiet`.
    pub(super) quiet: bool,
    /// `--color`.
    pub(super) colour: ColorChoice,
    /// What they are not to see.
    pub(super) secrets: Secrets,
}

impl Screen {
    /// Nothing but standard error.
    pub(super) fn none(telling: Telling) -> io::Result<Self> {
        let Telling { quiet, colour, secrets } = telling;
        let stderr = Some(Stderr::open(colour)?);
        Ok(Screen { shown: None, quiet, stderr, kept: None, secrets })
    }

    /// Nothing at all: what is told is kept, and notices are left out, save where a recording is.
    pub(super) fn keeping(secrets: Secrets) -> Self {
        let kept = Some(Kept::default());
        Screen { shown: None, quiet: true, stderr: None, kept, secrets }
    }

    /// Whether what is told is kept, and shown nowhere.
    pub(super) fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    /// What was kept of what was told.
    pub(super) fn take_kept(&mut self) -> String {
        let Some(Kept { mut text, more }) = self.kept.take() else { return String::new() };
        if more > 0 {
            let _ = writeln!(text, "-- (and {} more)", count(more, "line"));
        }
        text
    }

    /// A terminal. `conversation` says whether the peers' words are shown there.
    pub(super) fn on(
        terminal: &Terminal,
        look: Look,
        conversation: bool,
        telling: Telling,
    ) -> io::Result<Self> {
        let shown = Shown {
            printer: Printer::start(terminal, look.colour)?,
            conversation,
            colour: look.colour,
            view: View::new(look),
            editor: None,
            lines: String::new(),
        };
        let apart = !io::stderr().is_terminal();
        let stderr = apart.then(|| Stderr::open(telling.colour)).transpose()?;
        let Telling { quiet, secrets, .. } = telling;
        Ok(Screen { shown: Some(shown), quiet, stderr, kept: None, secrets })
    }

    pub(super) fn printer(&self) -> Option<&Printer> {
        self.shown.as_ref().map(|shown| &shown.printer)
    }

    pub(super) fn edit(&mut self, editor: Editor) {
        if let Some(shown) = &mut self.shown {
            shown.editor = Some(editor);
        }
    }

    /// Shows what was recorded.
    pub(super) fn record(&mut self, record: &Record) {
        if let Some(shown) = &mut self.shown
            && shown.conversation
        {
            shown.view.record(record, &mut shown.lines);
            if !shown.lines.is_empty() {
                shown.printer.show(std::mem::take(&mut shown.lines));
            }
        }
    }

    /// What peers say is shown as a room passes it on.
    pub(super) fn is_room(&mut self) {
        if let Some(shown) = &mut self.shown {
            shown.view.set_room();
        }
    }

    /// Shows what a room passed on.
    pub(super) fn relayed(&mut self, now: At, lines: &[u8]) {
        if let Some(shown) = &mut self.shown
            && shown.conversation
        {
            let hidden = self.secrets.hide(lines);
            shown.view.relayed(now, &hidden, &mut shown.lines);
            shown.printer.show(std::mem::take(&mut shown.lines));
        }
    }

    /// Takes note that a peer is called so from now on.
    pub(super) fn renamed(&mut self, conn: ConnId, name: String) {
        if let Some(shown) = &mut self.shown {
            shown.view.renamed(conn, name);
        }
    }

    /// Takes note that we are called so: who says that is seen.
    pub(super) fn set_own_name(&mut self, name: &str) {
        if let Some(shown) = &mut self.shown {
            shown.view.set_own_name(name);
        }
    }

    /// Tells something that happened.
    pub(super) fn notice(&mut self, notice: &Notice) {
        let leads_on = self.kept.is_some() && matches!(notice, Notice::Saved { .. });
        if !self.quiet || leads_on {
            self.tell(notice);
        }
    }

    /// Tells something that was asked for: `--quiet` does not leave it out.
    pub(super) fn tell(&mut self, notice: &Notice) {
        if self.secrets.is_empty() {
            return self.told(notice);
        }
        match self.secrets.hide_str(&notice.to_string()) {
            Cow::Owned(hidden) => self.told(&Notice::Told(hidden)),
            Cow::Borrowed(_) => self.told(notice),
        }
    }

    fn told(&mut self, notice: &Notice) {
        if let Some(shown) = self.shown_here() {
            shown.view.notice(notice, &mut shown.lines);
            shown.printer.tell(std::mem::take(&mut shown.lines));
            return;
        }
        let mut text = String::new();
        for line in notice.to_string().trim_end().split('\n') {
            let _ = writeln!(text, "-- {}", Visible(line.as_bytes())); // a String takes whatever is written
        }
        self.write(text);
    }

    /// Shows what fills a screen of its own, `/help`: as it is on the terminal, as notices elsewhere.
    pub(super) fn page(&mut self, text: String) {
        match self.shown_here() {
            Some(shown) => shown.printer.tell(text),
            None => self.tell(&Notice::Told(text)),
        }
    }

    /// Reports a failure after which the session goes on.
    pub(super) fn report(&mut self, report: &Report) {
        let report = &report.clone().hiding(&self.secrets);
        if let Some(shown) = self.shown_here() {
            let text = if shown.colour {
                format!("{}\n", report.coloured())
            } else {
                format!("{report}\n")
            };
            shown.printer.tell(text);
            return;
        }
        self.write(format!("{}\n", report.coloured()));
    }

    pub(super) fn set_time(&mut self, on: bool) {
        if let Some(shown) = &mut self.shown {
            shown.view.set_time(on);
        }
    }

    /// Whether what our side says is shown: nobody typed it.
    pub(super) fn set_echo(&mut self, on: bool) {
        if let Some(shown) = &mut self.shown {
            shown.view.set_echo(on);
        }
    }

    pub(super) fn clear(&self) {
        if let Some(shown) = &self.shown {
            shown.printer.clear();
        }
    }

    pub(super) fn set_prompt(&self, prompt: &str) {
        if let Some(editor) = self.editor() {
            editor.set_prompt(prompt);
        }
    }

    /// Lets the next prompt come: what was typed has had its effect.
    pub(super) fn answered(&self) {
        if let Some(editor) = self.editor() {
            editor.answered();
        }
    }

    /// Gives the terminal back, with all that was told on it. Whether there was an editor to close.
    pub(super) fn close(&mut self) -> bool {
        let Some(shown) = &mut self.shown else { return false };
        let editor = shown.editor.take();
        let edited = editor.is_some();
        editor.into_iter().for_each(Editor::close);
        shown.printer.drain();
        edited
    }

    fn editor(&self) -> Option<&Editor> {
        self.shown.as_ref().and_then(|shown| shown.editor.as_ref())
    }

    fn shown_here(&mut self) -> Option<&mut Shown> {
        self.shown.as_mut().filter(|_| self.stderr.is_none())
    }

    fn write(&mut self, text: String) {
        if let Some(kept) = &mut self.kept {
            if kept.text.len() + text.len() > KEPT {
                kept.more += text.lines().count() as u64;
            } else {
                kept.text.push_str(&text);
            }
        } else if let Some(stderr) = &self.stderr {
            stderr.tell(text);
        }
    }
}

impl Drop for Screen {
    /// What was told after the terminal was given back is seen, too.
    fn drop(&mut self) {
        if let Some(shown) = &self.shown {
            shown.printer.drain();
        }
    }
}
