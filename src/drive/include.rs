//! `/include`: the steps of another file.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Trouble;
use super::engine::Engine;
use crate::command::Wrong;
use crate::script::{Blame, Failure, Origin, Parser, Place, Report, ScriptFault, Step};
use crate::session::{Drive, Input};
use crate::units::reason;
use crate::wire::Encoding;

/// How deep scripts may include each other: deeper than anybody writes by hand.
const DEEPEST: usize = 32;

/// What a look at a script and all that it includes found.
#[derive(Debug)]
pub struct Checked {
    /// All that is wrong with it, in the order in which it was found.
    faults: Vec<ScriptFault>,
    /// What its steps need.
    needs: Needs,
    /// The files that were looked at, so that each is once.
    seen: HashSet<PathBuf>,
    /// How text is to be said.
    encoding: Encoding,
}

/// What the steps of a script need of the session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Some of them look at what the peers say.
    pub reads: bool,
    /// Some of them ask for what was recorded.
    pub asks: bool,
}

/// All of a script.
#[derive(Debug)]
pub struct Script {
    /// Its steps.
    pub steps: Vec<Step>,
    /// What they need.
    pub needs: Needs,
}

impl Checked {
    /// Nothing was looked at yet; what is, is to be said in this encoding.
    pub(super) fn new(encoding: Encoding) -> Checked {
        let needs = Needs::default();
        Checked { faults: Vec::new(), needs, seen: HashSet::new(), encoding }
    }

    /// What its steps need.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of its lines; what is wrong with a file stands where the
    /// file is included.
    pub fn sound(mut self) -> Result<Needs, Vec<ScriptFault>> {
        // Some faults of a block show only at its end.
        for faults in self.faults.chunk_by_mut(|one, next| one.place.source == next.place.source) {
            faults.sort_by_key(|fault| fault.place.line);
        }
        if self.faults.is_empty() { Ok(self.needs) } else { Err(self.faults) }
    }

    /// Looks at a step; at the file that it includes, where it names one for certain.
    pub(super) fn step(&mut self, step: Result<Step, ScriptFault>) {
        let step = match step {
            Ok(step) => step,
            Err(fault) => return self.faults.push(fault),
        };
        self.needs.reads |= step.reads();
        self.faults.extend(step.unencodable(self.encoding));
        let Some((file, place)) = step.included() else {
            self.needs.asks |= step.asks();
            return;
        };
        match find(&file, &place) {
            Ok(path) if !self.seen.insert(path.clone()) => {}
            Ok(path) => match read(&path, &file, place) {
                Ok(steps) => steps.into_iter().for_each(|step| self.step(step)),
                Err(fault) => self.faults.push(fault),
            },
            Err(fault) => self.faults.push(fault),
        }
    }
}

impl Engine {
    /// Gives the script the steps of the file that a step includes.
    pub(super) fn include(&mut self, file: &str, place: Place) {
        let encoding = self.runners.acting().settings().encoding;
        match load(file, place, encoding) {
            Ok(steps) => self.runners.acting().include(steps),
            Err(faults) if self.runners.acting().is_prompt() => {
                for fault in faults {
                    self.screen.report(&fault.into());
                }
            }
            Err(faults) if self.runners.acting_guest().is_some() => {
                let mut reports = faults.into_iter().map(Report::from);
                let report = reports.next().unwrap_or_else(|| Report::new("it cannot be included"));
                reports.for_each(|more| self.screen.report(&more));
                self.runners.acting().fail_task(Failure { report, blame: Blame::Script });
            }
            Err(faults) => {
                for fault in faults {
                    self.outcome.add(Trouble::Script(Box::new(fault)));
                }
                self.input(Input::Drive(Drive::Quit));
            }
        }
    }
}

/// Reads all of a script.
///
/// # Errors
/// The file cannot be read, or is no regular one; or all that is wrong with the script, and cannot be said
/// in `encoding`.
pub fn script(path: &Path, encoding: Encoding) -> io::Result<Result<Script, Vec<ScriptFault>>> {
    let mut parser = Parser::new(Origin::from(&*path.to_string_lossy()));
    let mut parsed = Vec::new();
    parser.feed(whole(path)?.into(), &mut parsed);
    parser.finish(&mut parsed);
    let (steps, checked) = check(parsed, encoding);
    Ok(checked.sound().map(|needs| Script { steps, needs }))
}

/// The steps of a file, once all of it and of what it includes is known to be sound.
fn load(file: &str, place: Place, encoding: Encoding) -> Result<Vec<Step>, Vec<ScriptFault>> {
    let alone = |fault| vec![fault];
    let path = find(file, &place).map_err(alone)?;
    let parsed = read(&path, file, place).map_err(alone)?;
    let (steps, checked) = check(parsed, encoding);
    checked.sound().map(|_| steps)
}

/// Looks at all of these, and takes those that are steps.
fn check(parsed: Vec<Result<Step, ScriptFault>>, encoding: Encoding) -> (Vec<Step>, Checked) {
    let mut checked = Checked::new(encoding);
    let mut steps = Vec::with_capacity(parsed.len());
    for step in parsed {
        steps.extend(step.as_ref().ok().cloned());
        checked.step(step);
    }
    (steps, checked)
}

/// Where the file is that the step at `place` includes: its name is relative to the folder of the
/// script that the step stands in. It must not include itself again.
fn find(file: &str, place: &Place) -> Result<PathBuf, ScriptFault> {
    let fault = |what| ScriptFault { place: place.clone(), what };
    let path = relative(file, place);
    let real = path.canonicalize().map_err(|err| fault(unreadable(&path, &err)))?;
    let including = || std::iter::once(place).chain(place.source.chain());
    let is_same = |place: &Place| {
        Path::new(place.source.name()).canonicalize().is_ok_and(|known| known == real)
    };
    if including().any(is_same) {
        return Err(fault(Wrong::IncludesItself { file: path.to_string_lossy().into_owned() }));
    }
    if including().count() > DEEPEST {
        return Err(fault(Wrong::TooDeep { deepest: DEEPEST }));
    }
    Ok(real)
}

/// The path of a file that is named in the script of `place`.
fn relative(file: &str, place: &Place) -> PathBuf {
    Path::new(place.source.name()).parent().unwrap_or(Path::new("")).join(file)
}

/// What the steps are of the file at `path`, which the step at `place` calls `file`.
fn read(
    path: &Path,
    file: &str,
    place: Place,
) -> Result<Vec<Result<Step, ScriptFault>>, ScriptFault> {
    let name = relative(file, &place);
    let bytes = whole(path)
        .map_err(|err| ScriptFault { place: place.clone(), what: unreadable(&name, &err) })?;
    let mut parser = Parser::new(Origin::included(&name.to_string_lossy(), place));
    let mut steps = Vec::new();
    parser.feed(bytes.into(), &mut steps);
    parser.finish(&mut steps);
    Ok(steps)
}

/// All of a regular file. Another would have to be waited for.
fn whole(path: &Path) -> io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, err: &io::Error) -> Wrong {
    Wrong::Unreadable { file: path.to_string_lossy().into_owned(), why: reason(err) }
}
