//! Reading lines in raw mode, with rustyline.

use std::io;
use std::sync::Arc;

use rustyline::config::BellStyle;
use rustyline::error::{ReadlineError, Signal};
use rustyline::history::MemHistory;
use rustyline::{Behavior, ColorMode, CompletionType, Config};

use super::ahead::Ahead;
use super::aide::Aide;
use super::desk::Desk;
use super::editor::{EditorConfig, OnEvent};
use super::history::{HistoryFile, KEPT};
use super::stage::Stage;
use super::terminal::Found;
use super::{Assist, EditorError, EditorEvent, render, style};

/// How long a lone Esc waits for the rest of a key's sequence, in milliseconds. For ever, if not set,
/// and nothing would be shown meanwhile; a slow link may part a sequence by some hundred.
const ESCAPE: u16 = 500;

/// The line editor, and what it needs on its thread.
pub(super) struct Rich {
    rustyline: rustyline::Editor<Aide, MemHistory>,
    history: Option<HistoryFile>,
    stage: Arc<Stage>,
    desk: Arc<Desk>,
    on_event: OnEvent,
    /// What the editor before has left.
    lines: Vec<String>,
    begun: (String, String),
    hands_on: bool,
}

impl Rich {
    /// An editor that prints and reads on the stage's terminal, which was `found` in some mode.
    pub(super) fn new(
        stage: &Arc<Stage>,
        desk: &Arc<Desk>,
        found: &Arc<Found>,
        config: EditorConfig,
        assist: Arc<dyn Assist>,
        on_event: OnEvent,
    ) -> Result<Self, EditorError> {
        let settings = settings(&config, stage.terminal().is_by_name())?;
        let Ahead { lines, begun, keys } = stage.terminal().take_ahead();
        let anew = || {
            let history = MemHistory::with_config(&settings);
            rustyline::Editor::with_history(settings.clone(), history)
        };
        let mut rustyline = keys.map_or_else(anew, Ok)?;
        if !config.hands_on {
            rustyline.clear_history()?;
        }
        rustyline.set_helper(Some(Aide::new(Arc::clone(stage), assist)));
        super::keys::bind(&mut rustyline, found, stage, &on_event);
        let mut history = None;
        if let Some(path) = config.history {
            let (file, earlier) =
                HistoryFile::open(&path).map_err(|source| EditorError::History { path, source })?;
            for line in earlier {
                rustyline.add_history_entry(line)?;
            }
            history = Some(file);
        }
        found.keep_raw()?;
        stage.attach(Box::new(rustyline.create_external_printer()?));
        let (stage, desk, hands_on) = (Arc::clone(stage), Arc::clone(desk), config.hands_on);
        Ok(Rich { rustyline, history, stage, desk, on_event, lines, begun, hands_on })
    }

    /// Reads lines until asked to leave, or until the terminal is gone.
    pub(super) fn run(mut self) {
        for line in std::mem::take(&mut self.lines) {
            self.hand_over(&line);
        }
        let mut begun = std::mem::take(&mut self.begun);
        while !self.desk.is_leaving() {
            let read = self.read(&begun);
            begun = Default::default();
            match read {
                Ok(text) => self.hand_over(&text),
                Err(ReadlineError::Interrupted | ReadlineError::Signal(Signal::Interrupt)) => {
                    begun = self.typed();
                    if !self.desk.is_nudged() && !self.desk.is_leaving() {
                        (self.on_event)(EditorEvent::Sigint);
                    }
                }
                Err(ReadlineError::Signal(Signal::Resize)) => begun = self.typed(),
                Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                    self.tell("a key that is no UTF-8 was left out: `/raw` sends any bytes");
                    begun = self.typed();
                }
                Err(ReadlineError::Eof) => return (self.on_event)(EditorEvent::End),
                Err(error) => return (self.on_event)(EditorEvent::Failed(error.into())),
            }
        }
        if self.hands_on {
            self.hand_on(begun);
        }
    }

    /// Leaves what was not taken to the editor that comes next.
    fn hand_on(mut self, begun: (String, String)) {
        self.rustyline.set_helper(None);
        let keys = Some(self.rustyline);
        self.stage.terminal().leave_ahead(|ahead| {
            *ahead = Ahead { lines: Vec::new(), begun, keys };
        });
    }

    /// Reads one line, or a paste. `begun` is what stands there already, before and behind the cursor.
    fn read(&mut self, begun: &(String, String)) -> Result<String, ReadlineError> {
        let raw = self.desk.prompt();
        let styled = style::styled(self.stage.colour, style::PROMPT, &raw);
        self.desk.set_reading(true);
        let read = self.rustyline.readline_with_initial(&(raw, styled), (&begun.0, &begun.1));
        self.desk.set_reading(false);
        self.stage.close(); // whatever way it came back
        read
    }

    fn hand_over(&mut self, text: &str) {
        self.remember(text);
        for line in lines(text) {
            self.desk.ask();
            (self.on_event)(EditorEvent::Line(line.to_owned()));
        }
        self.desk.await_answer();
    }

    /// A history that can no longer be written is told once, and kept in memory from then on.
    fn remember(&mut self, text: &str) {
        let is_new = self.rustyline.add_history_entry(text).unwrap_or(false);
        let kept = is_new && self.rustyline.helper().is_none_or(|aide| aide.may_be_kept(text));
        let Some(file) = self.history.as_mut().filter(|_| kept) else { return };
        if let Err(error) = file.append(text) {
            let path = file.path().display();
            let told = format!("the history is no longer written to `{path}`: {error}");
            self.history = None;
            self.tell(&told);
        }
    }

    /// What was on the line when it was last drawn.
    fn typed(&self) -> (String, String) {
        self.rustyline.helper().map(Aide::typed).unwrap_or_default()
    }

    fn tell(&self, text: &str) {
        let mut line = String::new();
        render::aside(&mut line, self.stage.colour, text);
        self.stage.tell(line);
    }
}

fn settings(config: &EditorConfig, by_name: bool) -> Result<Config, ReadlineError> {
    let behavior = if by_name { Behavior::PreferTerm } else { Behavior::Stdio };
    Ok(Config::builder()
        .max_history_size(KEPT)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .keyseq_timeout(Some(ESCAPE))
        .bell_style(BellStyle::Audible)
        .color_mode(ColorMode::Forced) // or the highlighter is not asked; whether to colour, it knows
        .grapheme_cluster_mode(config.graphemes.mode())
        .behavior(behavior)
        .build())
}

/// The lines of what was entered. A paste has several, and may end with a line end, behind which
/// there is no further line.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.strip_suffix('\n').unwrap_or(text).split('\n')
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_paste_is_its_lines() {
        let of = |text| lines(text).collect::<Vec<_>>();
        assert_eq!(of("a\nb"), ["a", "b"]);
        assert_eq!(of("a\n\nb\n"), ["a", "", "b"]);
        assert_eq!(of(""), [""]);
    }
}
