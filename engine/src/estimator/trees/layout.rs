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
    pub nodes: Vec<Node>,
    /// The first node of each way, and behind the last way the number of nodes.
    pub begins: Vec<u32>,
    /// For what number the way was left on which this one begins.
    pub turners: Vec<u32>,
    /// Where a text begins in each tree, as in `Node::other`.
    pub roots: Vec<u32>,
    pub values: Matrix,
    /// The numbers of features, and behind them those of the same with the other sign; `NONE` where no node asks.
    numbers: Vec<u32>,
    /// How many there are, with `ALWAYS`.
    count: usize,
}

/// What a text has of what nodes ask for.
pub struct Present {
    /// Numbers, and how much of each.
    pub all: Vec<(u32, f32)>,
    /// How much of each number there is; of `ALWAYS` 1.
    amounts: Vec<f32>,
}

impl Present {
    /// Of no text yet.
    pub fn new(layout: &Layout) -> Self {
        let mut amounts = vec![0.0; layout.count];
        amounts[ALWAYS as usize] = 1.0;
        Self { all: Vec::new(), amounts }
    }

    /// Takes feature `i`, of which a text has `x`.
    #[inline(always)]
    pub fn add(&mut self, layout: &Layout, i: u32, x: f32) {
        let sign = if x > 0.0 { 0 } else { layout.numbers.len() / 2 };
        if let Some(&number) = layout.numbers.get(i as usize + sign)
            && number != NONE
            && x != 0.0
        {
            self.all.push((number, x.abs()));
            self.amounts[number as usize] = x.abs();
        }
    }

    /// Whether the text has any of a number.
    #[inline(always)]
    pub fn has(&self, number: u32) -> bool {
        self.amounts.get(number as usize).is_some_and(|x| *x > 0.0)
    }

    /// Forgets the text.
    pub fn clear(&mut self) {
        for (number, _) in self.all.drain(..) {
            self.amounts[number as usize] = 0.0;
        }
    }
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
    /// Of trees that have been checked: first the ways on which texts begin, then those that are left from these.
    pub fn new(raw: &[Raw], roots: &[u32], all: &Matrix, width: usize) -> Self {
        let mut rows = Rows { all, kept: Vec::new(), seen: vec![NONE; SHARED] };
        let mut this = Self {
            nodes: Vec::with_capacity(raw.len()),
            begins: Vec::new(),
            turners: Vec::new(),
            roots: Vec::with_capacity(roots.len()),
            values: Matrix::new(Vec::new(), all.columns()),
            numbers: vec![NONE; 2 * width],
            count: 1,
        };
        let leaf = |at: u32| raw[at as usize].feature == NONE;
        // Beginnings of ways that are to be laid out, and the node that leads there.
        let mut first = Vec::new();
        for &root in roots {
            this.roots.push(if leaf(root) { rows.keep(root) } else { first.len() as u32 });
            if !leaf(root) {
                first.push((root, None));
                this.turners.push(ALWAYS);
            }
        }
        let mut way = 0;
        while let Some(&(begin, from)) = first.get(way) {
            let place = this.nodes.len() as u32;
            this.begins.push(place);
            if let Some(from) = from {
                this.nodes[from as usize].other = place;
            }
            let mut at = begin;
            while !leaf(at) {
                let node = &raw[at as usize];
                let (usual, other) = node.children();
                let sign = if 0.0 <= node.threshold { 0 } else { width };
                let number = &mut this.numbers[node.feature as usize + sign];
                if *number == NONE {
                    *number = this.count as u32;
                    this.count += 1;
                }
                let goes = if leaf(other) { rows.keep(other) } else { NONE };
                if goes == NONE {
                    first.push((other, Some(this.nodes.len() as u32)));
                    this.turners.push(*number);
                }
                this.nodes.push(Node { asks: *number, above: node.above(), other: goes });
                at = usual;
            }
            this.nodes.push(Node { asks: ALWAYS, above: 0.0, other: rows.keep(at) });
            way += 1;
        }
        for root in this.roots.iter_mut().filter(|root| **root < LEAF) {
            *root = this.begins[*root as usize];
        }
        this.begins.push(this.nodes.len() as u32);
        this.values = Matrix::new(rows.kept, all.columns());
        this
    }

    /// How many numbers there are.
    pub fn numbers(&self) -> usize {
        self.count
    }

    /// Nodes that a text meets in all trees, about: the mean over all leaves.
    pub fn depth(&self) -> usize {
        let (mut depths, mut sum, mut leaves) = (vec![0; self.nodes.len()], 0, 0);
        for (at, node) in self.nodes.iter().enumerate() {
            let depth: usize = depths[at] + 1;
            if node.other < LEAF {
                depths[node.other as usize] = depth;
            } else {
                sum += depth;
                leaves += 1;
            }
            if node.asks != ALWAYS {
                depths[at + 1] = depth;
            }
        }
        sum / leaves.max(1) * self.roots.len()
    }

    /// The leaf of each tree, node by node.
    #[inline(never)]
    pub fn walk(&self, present: &Present, rows: &mut Vec<u32>) {
        rows.clear();
        rows.extend(self.roots.iter().map(|&root| {
            let mut next = root;
            while next < LEAF {
                let way = self.nodes.get(next as usize..).unwrap_or_default();
                let leaves = |node: &&Node| present.amounts.get(node.asks as usize).is_none_or(|x| *x > node.above);
                // Every way ends at a node that every text leaves.
                let Some(node) = way.iter().find(leaves) else { return LEAF };
                next = node.other;
            }
            next
        }));
    }
}
