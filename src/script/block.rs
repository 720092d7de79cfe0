//! `/all … /end`: a block of patterns.

use std::time::Duration;

use bytes::Bytes;

use super::{Origin, Place, ScriptFault};
use crate::command::{Arg, BlockLine, Mark, Wrong, parse_block_line};

/// A block, parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// How long it may take, if it says so.
    pub(super) timeout: Option<Arg<Duration>>,
    /// Its patterns, in order.
    pub(super) items: Vec<Item>,
    /// Its lines, from `/all` to `/end`, without their line ends.
    lines: Vec<Bytes>,
}

/// A pattern of a block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) mark: Mark,
    pub(super) pattern: Arg<String>,
    /// How many lines it stands below the head of its block.
    below: u64,
    text: Bytes,
}

impl Item {
    /// Where its pattern stands, in a block that begins at `head`.
    pub(super) fn place(&self, head: &Place) -> Place {
        Place {
            source: head.source.clone(),
            line: head.line + self.below,
            text: self.text.clone(),
            span: self.pattern.span(),
        }
    }
}

impl Block {
    /// Its head, without its line end.
    #[must_use]
    pub fn head(&self) -> &Bytes {
        &self.lines[0]
    }

    /// How many bytes it takes up, about.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a block has a head and an end")]
    pub fn len(&self) -> usize {
        self.items.len() * size_of::<Item>() + self.lines.iter().map(Bytes::len).sum::<usize>()
    }

    /// Its lines as a script has them.
    #[cfg(test)]
    pub(super) fn to_source(&self) -> Bytes {
        self.lines.iter().flat_map(super::step::ended).collect::<Vec<_>>().concat().into()
    }
}

/// A block whose end has not come yet.
#[derive(Debug)]
pub(super) struct Building {
    block: Block,
    /// The number of its first line, and how many have come behind it.
    first: u64,
    behind: u64,
    /// A person types it: a faulty line is none of it, and can be typed again.
    typed: bool,
    faulty: bool,
    /// Lines that belong to no block: the first was told, these were not yet.
    stray: Option<Vec<ScriptFault>>,
}

impl Building {
    /// The block that begins with the line `head`, which is line `first`.
    pub(super) fn new(timeout: Option<Arg<Duration>>, head: Bytes, first: u64) -> Building {
        let block = Block { timeout, items: Vec::new(), lines: vec![head] };
        Building { block, first, behind: 0, typed: false, faulty: false, stray: None }
    }

    /// A block that is typed.
    pub(super) fn typed(self) -> Building {
        Building { typed: true, ..self }
    }

    /// A block whose head is faulty, which was told.
    pub(super) fn faulty(self) -> Building {
        Building { faulty: true, ..self }
    }

    /// The number of its first line.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Takes its next line; whether that is its last.
    pub(super) fn take(&mut self, source: &Origin, line: Bytes) -> Result<bool, ScriptFault> {
        self.behind += 1;
        match parse_block_line(&line, self.first) {
            Ok(BlockLine::Nothing) => {}
            Ok(BlockLine::End) => {
                self.block.lines.push(line);
                return Ok(true);
            }
            Ok(BlockLine::Pattern(mark, pattern)) => {
                let (below, text) = (self.behind, line.clone());
                self.block.items.push(Item { mark, pattern, below, text });
            }
            Err(fault) => {
                let fault = ScriptFault::new(source.clone(), self.first + self.behind, line, fault);
                return self.refuse(fault).map(|()| false);
            }
        }
        self.block.lines.push(line);
        Ok(false)
    }

    /// Tells what is wrong with a line. Where the end of a block is missing, all that follows it belongs
    /// to no block: of such lines one is told, and the others only once the end has come.
    fn refuse(&mut self, fault: ScriptFault) -> Result<(), ScriptFault> {
        if self.typed {
            return Err(fault);
        }
        self.faulty = true;
        if !matches!(fault.what, Wrong::InBlock { .. } | Wrong::NotEnd { .. }) {
            return Err(fault);
        }
        if let Some(stray) = &mut self.stray {
            stray.push(fault);
            return Ok(());
        }
        self.stray = Some(Vec::new());
        Err(fault)
    }

    /// The block, now that its end has come; or what is wrong with it and was not told.
    pub(super) fn finish(mut self, source: &Origin) -> Result<Block, Vec<ScriptFault>> {
        if self.faulty {
            return Err(self.stray.take().unwrap_or_default());
        }
        if self.block.items.iter().all(|item| item.mark != Mark::Must) {
            return Err(vec![self.fault(source, Wrong::NothingMust)]);
        }
        Ok(self.block)
    }

    /// What is wrong with all of it, at its head.
    pub(super) fn fault(self, source: &Origin, what: Wrong) -> ScriptFault {
        let text = self.block.lines.into_iter().next().unwrap_or_default();
        let span = 0..text.len();
        ScriptFault { place: Place { source: source.clone(), line: self.first, text, span }, what }
    }
}
