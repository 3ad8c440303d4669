//! Nodes in the order in which a text without features meets them.

use super::{NONE, Raw};
use crate::dense::Matrix;
use crate::lookup::mix;
use crate::prelude::*;

/// Marks the row of a leaf among nodes and ways.
pub const LEAF: u32 = 1 << 24;
/// What every text has 1 of; no feature has this number.
pub const ALWAYS: u32 = 0;
/// How many different rows of leaves are remembered at a time, to be shared.
const SHARED: usize = 1 << 10;

/// A node in its way. Behind the last one stands the leaf, which every text leaves for.
#[derive(Clone, Copy)]
pub struct Node {
    /// Which number is compared.
    pub asks: u32,
    /// Where the number is above this, the text leaves the way.
    pub above: f32,
    /// Where it goes on then: the first node of another way, or with `LEAF` a row of values.
    pub other: u32,
}

/// See the module.
pub struct Layout {
    /// Tree by tree.
    pub nodes: Vec<Node>,
    /// Where a text begins in each tree, as in `Node::other`.
    pub roots: Vec<u32>,
    /// How many nodes there are up to the end of each tree.
    pub ends: Vec<u32>,
    pub values: Matrix,
    /// The numbers of features, and behind them those of the same with the other sign; `NONE` where no node asks.
    numbers: Vec<u32>,
    /// How many there are, with `ALWAYS`.
    pub count: usize,
}

impl Raw {
    /// The child for a feature that is not there, and the other one.
    fn children(&self) -> (u32, u32) {
        if 0.0 <= self.threshold { (self.left, self.right) } else { (self.right, self.left) }
    }

    /// x ≤ t below 0 is the same as −x > the next number below −t. Neither bound is ever below 0, not even −0.
    fn above(&self) -> f32 {
        let t = down(self.threshold);
        if 0.0 <= self.threshold { t + 0.0 } else { (-t).next_down() }
    }
}

/// The largest float32 that is not above.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
fn down(t: f64) -> f32 {
    let near = t as f32;
    if f64::from(near) > t { near.next_down() } else { near }
}

/// Rows of leaves, of which equal ones are often kept once.
struct Rows<'a> {
    all: &'a Matrix,
    kept: Vec<f64>,
    seen: Vec<u32>,
}

impl Rows<'_> {
    fn keep(&mut self, leaf: u32) -> u32 {
        let row = self.all.row(leaf);
        let hash = row.iter().fold(0, |hash, v| mix(hash ^ v.to_bits())) as usize % SHARED;
        let found = self.seen[hash] as usize * row.len();
        let same = |old: &[f64]| old.iter().zip(row).all(|(a, b)| a.to_bits() == b.to_bits());
        if !self.kept.get(found..found + row.len()).is_some_and(same) {
            self.seen[hash] = (self.kept.len() / row.len()) as u32;
            self.kept.extend_from_slice(row);
        }
        self.seen[hash] | LEAF
    }
}

impl Layout {
    /// Of trees that have been checked: in each first the way on which texts begin, then those that are left from it.
    pub fn new(raw: &[Raw], roots: &[u32], all: &Matrix, width: usize) -> Self {
        let mut rows = Rows { all, kept: Vec::new(), seen: vec![NONE; SHARED] };
        let mut this = Self {
            nodes: Vec::with_capacity(raw.len()),
            roots: Vec::with_capacity(roots.len()),
            ends: Vec::with_capacity(roots.len()),
            values: Matrix::new(Vec::new(), all.columns()),
            numbers: vec![NONE; 2 * width],
            count: 1,
        };
        for &root in roots {
            let place = if is_leaf(raw, root) { rows.keep(root) } else { this.lay_out(raw, root, &mut rows) };
            this.roots.push(place);
            this.ends.push(this.nodes.len() as u32);
        }
        this.values = Matrix::new(rows.kept, all.columns());
        this
    }

    /// One tree; where it begins.
    fn lay_out(&mut self, raw: &[Raw], root: u32, rows: &mut Rows) -> u32 {
        let place = self.nodes.len() as u32;
        // Beginnings of ways that are to be laid out, and the node that leads there.
        let mut first = vec![(root, None)];
        let mut way = 0;
        while let Some(&(begin, from)) = first.get(way) {
            if let Some(from) = from {
                self.nodes[from as usize].other = self.nodes.len() as u32;
            }
            let mut at = begin;
            while !is_leaf(raw, at) {
                let node = &raw[at as usize];
                let (usual, other) = node.children();
                let asks = self.number(node);
                let goes = if is_leaf(raw, other) { rows.keep(other) } else { NONE };
                if goes == NONE {
                    first.push((other, Some(self.nodes.len() as u32)));
                }
                self.nodes.push(Node { asks, above: node.above(), other: goes });
                at = usual;
            }
            self.nodes.push(Node { asks: ALWAYS, above: 0.0, other: rows.keep(at) });
            way += 1;
        }
        place
    }

    /// The number of what a node asks for.
    fn number(&mut self, node: &Raw) -> u32 {
        let sign = if 0.0 <= node.threshold { 0 } else { self.numbers.len() / 2 };
        let number = &mut self.numbers[node.feature as usize + sign];
        if *number == NONE {
            *number = self.count as u32;
            self.count += 1;
        }
        *number
    }

    /// The number for `x` of feature `i`, if any node asks for it.
    #[inline(always)]
    pub fn number_of(&self, i: u32, x: f32) -> Option<u32> {
        let sign = if x > 0.0 { 0 } else { self.numbers.len() / 2 };
        self.numbers.get(i as usize + sign).copied().filter(|&number| number != NONE && x != 0.0)
    }
}

fn is_leaf(raw: &[Raw], at: u32) -> bool {
    raw[at as usize].feature == NONE
}
