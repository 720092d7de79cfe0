//! Lines that are expected, in order.

use std::ops::{Deref, Range};
use std::sync::Arc;

use super::item::Item;

/// Lines that are expected, in order. Clones share them: many can wait for the same at once.
#[derive(Debug, Clone)]
pub struct Expectations {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    items: Vec<Item>,
    blocks: Vec<Block>,
    /// For each block, and for the end, what [`Expectations::required_from`] says of it.
    required: Vec<usize>,
}

/// What follows each other: single lines, and groups.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) items: Range<usize>,
    pub(super) is_group: bool,
}

impl Expectations {
    pub(super) fn blocks(&self) -> &[Block] {
        &self.shared.blocks
    }

    /// The block that an item stands in; the end, for one behind all.
    pub(super) fn block_of(&self, item: usize) -> usize {
        self.blocks().partition_point(|block| block.items.end <= item)
    }

    /// The first block from this one on that cannot be passed over; the end, where all can.
    pub(super) fn required_from(&self, block: usize) -> usize {
        self.shared.required[block.min(self.blocks().len())]
    }
}

impl From<Vec<Item>> for Expectations {
    fn from(items: Vec<Item>) -> Self {
        let blocks = blocks(&items);
        let mut required = vec![blocks.len(); blocks.len() + 1];
        for (at, block) in blocks.iter().enumerate().rev() {
            let passes = items[block.items.clone()].iter().all(|item| item.opt);
            required[at] = if passes { required[at + 1] } else { at };
        }
        Expectations { shared: Arc::new(Shared { items, blocks, required }) }
    }
}

impl Deref for Expectations {
    type Target = [Item];

    fn deref(&self) -> &[Item] {
        &self.shared.items
    }
}

/// What follows each other in these.
pub(super) fn blocks(items: &[Item]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut group_before = None;
    for (index, item) in items.iter().enumerate() {
        // What comes behind a partial line is the rest of the same line: its place is fixed.
        let group = item.group.filter(|_| !item.is_partial());
        match blocks.last_mut() {
            Some(block) if group.is_some() && group == group_before => block.items.end += 1,
            _ => blocks.push(Block { items: index..index + 1, is_group: group.is_some() }),
        }
        group_before = group;
    }
    blocks
}
