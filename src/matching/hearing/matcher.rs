//! Lines as they come.

use std::sync::Arc;

use super::expectations::Expectations;
use super::gather::{Gathered, Terms};
use super::item::{Came, Item};
use crate::matching::{Capture, Masks, PatternError, Vars};

/// How many ways to understand what has come are kept: far more than any real conversation has.
const MOST_STATES: usize = 256;

/// How many bytes of an unfinished line are tried to be a prompt that is not compared byte for byte.
const LONGEST_PROMPT: usize = 1024;

/// Compares lines, as they come, with those that are expected.
///
/// It keeps every way in which what has come can be understood, so that a line which may be missing and
/// is equal to one that must come is never mistaken for it. Where one way allows all that another
/// allows, the other is forgotten: there are few, and a long run of lines that may be missing is one.
#[derive(Debug)]
pub struct Matcher {
    items: Expectations,
    masks: Masks,
    states: Vec<State>,
    /// The block before which what comes now is expected.
    limit: usize,
    matched: u64,
    fault: Option<(usize, PatternError)>,
}

/// A way to understand what has come: everything before `at` has come or may be missing.
#[derive(Debug, Clone)]
struct State {
    at: usize,
    /// What has come of the group at `at`.
    group: Option<Arc<Gathered>>,
    vars: Arc<Vars>,
}

/// Which members of a group a line may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Members {
    /// Those that have no line.
    Free,
    /// All: one that has a line may be given another instead.
    All,
}

/// What has come of the next line.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Nothing more comes of it.
    pub whole: bool,
    /// Nothing more has come for a while.
    pub quiet: bool,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// So many bytes of it are as expected.
    Taken(usize),
    /// More of it must come, or nothing for a while.
    More,
    /// It is not expected.
    Refused,
}

impl Matcher {
    /// Expects these items, none of them yet; patterns may use `vars`.
    #[must_use]
    pub fn new(items: impl Into<Expectations>, masks: Masks, vars: Vars) -> Matcher {
        let states = vec![State { at: 0, group: None, vars: Arc::new(vars) }];
        Matcher { items: items.into(), masks, states, limit: 0, matched: 0, fault: None }
    }

    /// Items up to this one, which is not the middle of a group, may come from now on.
    pub fn expect_until(&mut self, item: usize) {
        self.limit = self.items.block_of(item);
    }

    /// Begins anew at this item: what is expected before it is not looked at any more.
    pub fn go_on_at(&mut self, item: usize) {
        let at = self.items.block_of(item);
        let vars = Arc::clone(&self.lead().vars);
        self.states = vec![State { at, group: None, vars }];
        self.limit = self.limit.max(at);
    }

    /// The items.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The masks.
    #[must_use]
    pub fn masks(&self) -> &Masks {
        &self.masks
    }

    /// How many lines have come as expected.
    #[must_use]
    pub fn matched(&self) -> u64 {
        self.matched
    }

    /// Why the pattern of an item could not be used for the line that was offered last.
    #[must_use]
    pub fn fault(&self) -> Option<&(usize, PatternError)> {
        self.fault.as_ref()
    }

    /// Whether all that must come for now has come.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.states.iter().any(|state| self.reaches_limit(state))
    }

    /// Whether something may come for now.
    #[must_use]
    pub fn expects_more(&self) -> bool {
        self.states.iter().any(|state| !self.candidates(state, Members::Free).is_empty())
    }

    /// The variables, with what patterns captured.
    #[must_use]
    pub fn vars(&self) -> Arc<Vars> {
        self.vars_behind(self.ready())
    }

    /// The first item that has not come, and is not passed over yet.
    #[must_use]
    pub fn reached(&self) -> usize {
        let state = self.ready();
        let next = self.items.blocks().get(state.at + usize::from(state.group.is_some()));
        next.map_or(self.items.len(), |block| block.items.start)
    }

    /// Takes in captures that were found otherwise.
    pub fn capture(&mut self, captures: &[Capture]) {
        for state in &mut self.states {
            Arc::make_mut(&mut state.vars).capture_all(captures);
        }
    }

    /// Lets patterns use what was captured elsewhere; whether some of it is new here.
    pub fn lend(&mut self, others: &Vars) -> bool {
        let mut lent = false;
        for state in self.states.iter_mut().filter(|state| state.vars.lacks(others)) {
            Arc::make_mut(&mut state.vars).borrow(others);
            lent = true;
        }
        lent
    }

    /// The first item that must come and has not.
    #[must_use]
    pub fn awaited(&self) -> Option<usize> {
        let state = self.lead();
        if let Some(group) = state.group.as_ref().filter(|group| !group.is_complete()) {
            return group.free().find(|item| !self.items[*item].opt);
        }
        let from = state.at + usize::from(state.group.is_some());
        let block = self.items.required_from(from);
        let items = self.items.blocks().get(block).filter(|_| block < self.limit)?.items.clone();
        items.into_iter().find(|item| !self.items[*item].opt)
    }

    /// The item that a line which was refused was probably meant to be.
    #[must_use]
    pub fn nearest(&self, bytes: &[u8]) -> Option<usize> {
        let came = Came::new(bytes, &self.masks);
        let likeness = |item: usize| self.items[item].likeness(&came);
        let mut best = self.awaited().map(|item| (likeness(item), item));
        for item in self.states.iter().flat_map(|state| self.candidates(state, Members::Free)) {
            let likeness = likeness(item);
            if best.is_none_or(|(most, _)| most < likeness) {
                best = Some((likeness, item));
            }
        }
        best.map(|(_, item)| item)
    }

    /// Whether a line differs from an item in its line end only.
    #[must_use]
    pub fn differs_by_end(&self, item: usize, bytes: &[u8]) -> bool {
        let came = Came::new(bytes, &self.masks);
        self.items[item].is_but_for_its_end(&came, &self.lead().vars)
    }

    /// Whether a line is as expected.
    pub fn offer(&mut self, view: View<'_>) -> Offered {
        self.fault = None;
        if view.whole && self.go_on_with(view.bytes) {
            self.matched += 1;
            return Offered::Taken(view.bytes.len());
        }
        let (mut begun, mut prompts) = (false, Vec::new());
        for state in &self.states {
            for item in self.candidates(state, Members::All) {
                if self.items[item].is_partial() {
                    prompts.push((state.clone(), item));
                } else {
                    begun |= self.items[item].may_begin(view.bytes);
                }
            }
        }
        let settled = view.whole || view.quiet;
        for (state, item) in prompts {
            let exact = self.items[item].is_exact();
            if exact && self.items[item].bytes.len() > view.bytes.len() {
                begun |= self.items[item].may_begin(view.bytes);
            } else if exact && begun && !settled {
                return Offered::More;
            } else if exact || settled {
                if let Some(len) = self.take_prompt(&state, item, view.bytes) {
                    return Offered::Taken(len);
                }
                begun |= !exact;
            } else {
                begun = true;
            }
        }
        if view.whole || view.quiet && !begun { Offered::Refused } else { Offered::More }
    }

    /// Takes what has come as a partial line, if it is; says how much of it that was.
    fn take_prompt(&mut self, state: &State, item: usize, bytes: &[u8]) -> Option<usize> {
        let at = self.items.block_of(item) + 1;
        let text = self.items[item].bytes.len();
        let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
        let lens = if !self.items[item].is_exact() {
            (1..=end.min(LONGEST_PROMPT)).rev().collect()
        } else if bytes.starts_with(&self.items[item].bytes) {
            vec![text]
        } else {
            Vec::new()
        };
        let vars = self.vars_behind(state);
        for len in lens {
            let came = Came::new(&bytes[..len], &self.masks);
            if let Some(captures) = self.items[item].fits(&came, &vars).ok().flatten() {
                let vars = with_captures(vars, &captures);
                self.states = vec![State { at, group: None, vars }];
                self.matched += 1;
                return Some(len);
            }
        }
        None
    }

    /// Goes on to the ways to understand what has come together with one line more, if there are any.
    fn go_on_with(&mut self, bytes: &[u8]) -> bool {
        let came = Came::new(bytes, &self.masks);
        let (mut next, mut refused, mut fault) = (Vec::new(), Vec::new(), None);
        for mut state in std::mem::take(&mut self.states) {
            let mut behind = Vec::new();
            let stepped = self.step(&state, bytes, &came, &mut behind);
            match self.gather(&mut state, bytes) {
                Ok(gathered) => {
                    next.append(&mut behind);
                    if gathered { &mut next } else { &mut refused }.push(state);
                    fault = stepped.err().or(fault);
                }
                Err(undefined) => {
                    refused.push(state);
                    fault = Some(undefined);
                }
            }
        }
        self.fault = fault;
        let goes_on = !next.is_empty();
        self.states = if goes_on { self.fewest(next) } else { refused };
        goes_on
    }

    /// Adds the ways in which a line can be understood behind `state`, and behind its group. A pattern that has
    /// not all its variables does not match; the last such item is the error.
    fn step(
        &self,
        state: &State,
        bytes: &[u8],
        came: &Came<'_>,
        next: &mut Vec<State>,
    ) -> Result<(), (usize, PatternError)> {
        let mut at = state.at;
        if let Some(group) = &state.group {
            if !group.is_complete() {
                return Ok(());
            }
            at += 1;
        }
        let vars = self.vars_behind(state);
        let end = self.limit.min(self.items.required_from(at) + 1);
        let (mut optional, mut fault) = (false, None);
        for (at, block) in self.items.blocks().iter().enumerate().take(end).skip(at) {
            if block.is_group {
                let none = Gathered::none(block.items.clone(), &self.items);
                let mut entered =
                    State { at, group: Some(Arc::new(none)), vars: Arc::clone(&vars) };
                if self.gather(&mut entered, bytes)? {
                    next.push(entered);
                }
                continue;
            }
            let item = &self.items[block.items.start];
            if item.is_partial() || item.opt && optional {
                continue; // the first of a run that fits allows all that the later ones do
            }
            match item.fits(came, &vars) {
                Err(undefined) => fault = Some((block.items.start, undefined)),
                Ok(None) => {}
                Ok(Some(captures)) => {
                    let vars = with_captures(Arc::clone(&vars), &captures);
                    next.push(State { at: at + 1, group: None, vars });
                    optional |= item.opt;
                }
            }
        }
        fault.map_or(Ok(()), Err)
    }

    /// Takes a line into the group at which a way is; whether it fits there.
    fn gather(&self, state: &mut State, bytes: &[u8]) -> Result<bool, (usize, PatternError)> {
        let Some(group) = &mut state.group else { return Ok(false) };
        let terms = self.terms(&state.vars);
        let first = group.members.start;
        Arc::make_mut(group).add(bytes, terms).map_err(|fault| (first, fault))
    }

    /// Leaves out the ways that allow nothing which another does not: of those that stand in the same
    /// run of lines that may be missing, the first allows all.
    fn fewest(&self, mut states: Vec<State>) -> Vec<State> {
        if states.len() < 2 {
            return states;
        }
        states.sort_by_key(|state| (state.at, state.group.is_some()));
        let mut run = None;
        let mut count = 0;
        let mut group_before = None;
        states.retain(|state| {
            let kept = if let Some(group) = &state.group {
                let key = (state.at, group.missing(), group.free().count());
                group_before.replace(key) != Some(key)
            } else {
                let this = self.items.required_from(state.at);
                run.replace(this) != Some(this)
            };
            count += usize::from(kept);
            kept && count <= MOST_STATES
        });
        states
    }

    /// A way with which all that must come for now has come, or else the one that has come furthest.
    fn ready(&self) -> &State {
        let ready = self.states.iter().find(|state| self.reaches_limit(state));
        ready.unwrap_or_else(|| self.lead())
    }

    /// The way that has come furthest.
    fn lead(&self) -> &State {
        // There is always one.
        &self.states[self.states.len() - 1]
    }

    fn reaches_limit(&self, state: &State) -> bool {
        let from = match &state.group {
            Some(group) if !group.is_complete() => return self.limit <= state.at,
            Some(_) => state.at + 1,
            None => state.at,
        };
        self.items.required_from(from) >= self.limit
    }

    /// The items that a line may be behind `state`, these of the members of its group among them.
    fn candidates(&self, state: &State, members: Members) -> Vec<usize> {
        let mut candidates = Vec::new();
        let mut at = state.at;
        if let Some(group) = &state.group {
            match members {
                Members::Free => candidates.extend(group.free()),
                Members::All => candidates.extend(group.members.clone()),
            }
            if !group.is_complete() {
                return candidates;
            }
            at += 1;
        }
        let end = self.limit.min(self.items.required_from(at) + 1);
        let blocks = self.items.blocks().get(at..end).unwrap_or_default();
        candidates.extend(blocks.iter().flat_map(|block| block.items.clone()));
        candidates
    }

    /// The variables once a group is left.
    fn vars_behind(&self, state: &State) -> Arc<Vars> {
        let captures = state.group.as_ref().map(|group| group.captures(self.terms(&state.vars)));
        with_captures(Arc::clone(&state.vars), &captures.unwrap_or_default())
    }

    fn terms<'a>(&'a self, vars: &'a Vars) -> Terms<'a> {
        Terms { items: &self.items, masks: &self.masks, vars }
    }
}

fn with_captures(mut vars: Arc<Vars>, captures: &[Capture]) -> Arc<Vars> {
    if !captures.is_empty() {
        Arc::make_mut(&mut vars).capture_all(captures);
    }
    vars
}
