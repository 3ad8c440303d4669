//! Texts that wait for their leaves, so that trees are walked one after the other, each for all texts: a few trees fit the
//! processor's cache, a forest does not.

use super::layout::{ALWAYS, LEAF, Layout, Node};
use super::seek::Seek;
use crate::prelude::*;
use core::ops::Range;

/// Nodes of the trees that are walked together, or one tree's.
const NODES: u32 = 1 << 16;
/// How many texts wait at most, about how many numbers of theirs, and how many sums.
const TEXTS: usize = 1 << 12;
const NUMBERS: usize = 1 << 16;

/// Adds the rows of a text's leaves, the first of which is that of the tree with this number, to the text's sums.
pub type Add<'a> = dyn FnMut(&[u32], usize, &mut [f64]) + 'a;

/// See the module.
pub struct Batch {
    /// How many texts wait.
    count: usize,
    /// n × K: the sums over the trees so far.
    pub sums: Vec<f64>,
    /// Numbers that texts have, and how much of each.
    has: Vec<(u32, f32)>,
    /// Which texts have them, and where theirs end.
    walking: Vec<(u32, u32)>,
    /// How much of each number the text has that walks; of `ALWAYS` 1.
    amounts: Vec<f32>,
    rows: Vec<u32>,
    seek: Seek,
}

impl Batch {
    /// Of no text yet.
    pub fn new(layout: &Layout) -> Self {
        let mut amounts = vec![0.0; layout.count];
        amounts[ALWAYS as usize] = 1.0;
        Self {
            count: 0,
            sums: Vec::new(),
            has: Vec::new(),
            walking: Vec::new(),
            amounts,
            rows: Vec::new(),
            seek: Seek::new(layout),
        }
    }

    /// Takes `x` of feature `i`, for the text to come.
    #[inline(always)]
    pub fn add(&mut self, layout: &Layout, i: u32, x: f32) {
        if let Some(number) = layout.number_of(i, x) {
            self.has.push((number, x.abs()));
        }
    }

    /// Takes the text of what was added, and what its sums begin with. Whether the batch is full.
    pub fn push(&mut self, sums: &[f64]) -> bool {
        self.sums.extend_from_slice(sums);
        let begin = self.walking.last().map_or(0, |&(_, end)| end as usize);
        if self.seek.push(self.count, &self.has[begin..]) {
            self.has.truncate(begin);
        } else {
            self.walking.push((self.count as u32, self.has.len() as u32));
        }
        self.count += 1;
        self.count >= TEXTS || self.has.len().max(self.sums.len()) >= NUMBERS
    }

    /// Forgets its texts.
    pub fn clear(&mut self) {
        self.count = 0;
        self.sums.clear();
        self.has.clear();
        self.walking.clear();
        self.seek.clear();
    }

    /// Adds up all trees, in their order, for all texts; `k` sums for each.
    pub fn run(&mut self, layout: &Layout, k: usize, add: &mut Add) {
        let mut first = 0;
        while first < layout.roots.len() {
            let begin = first.checked_sub(1).map_or(0, |before| layout.ends[before]);
            let fits = |end: &&u32| **end <= begin.saturating_add(NODES);
            let trees = first..first + layout.ends[first..].iter().take_while(fits).count().max(1);
            self.walk(layout, &trees, k, add);
            first = trees.end;
        }
        self.seek.run(layout, &mut self.sums, k, add);
    }

    /// Takes the texts that walk through some of the trees.
    fn walk(&mut self, layout: &Layout, trees: &Range<usize>, k: usize, add: &mut Add) {
        let mut begin = 0;
        for &(i, end) in &self.walking {
            let has = &self.has[begin..end as usize];
            begin = end as usize;
            has.iter().for_each(|&(number, x)| self.amounts[number as usize] = x);
            self.rows.clear();
            self.rows.extend_from_slice(&layout.roots[trees.clone()]);
            leaves(&layout.nodes, &self.amounts, &mut self.rows);
            add(&self.rows, trees.start, &mut self.sums[i as usize * k..][..k]);
            has.iter().for_each(|&(number, _)| self.amounts[number as usize] = 0.0);
        }
    }
}

/// From nodes on to the rows of leaves, node by node.
#[inline(never)]
fn leaves(nodes: &[Node], amounts: &[f32], rows: &mut [u32]) {
    for row in rows {
        while *row < LEAF {
            let way = nodes.get(*row as usize..).unwrap_or_default();
            let leaves = |node: &&Node| amounts.get(node.asks as usize).is_none_or(|x| *x > node.above);
            // Every way ends at a node that every text leaves.
            *row = way.iter().find(leaves).map_or(LEAF, |node| node.other);
        }
    }
}
