//! Decision trees over a row: forests and gradient boosting.
//!
//! Most features of a text are 0, so from most nodes the way is known beforehand: the *usual* child is the one for 0, and it
//! stands right behind its parent, so that the usual way from every node leads straight on to one leaf, by whose place the
//! way is called. A text leaves it only at nodes that ask for one of its own features. Those are listed by feature: one walk
//! over the lists of the text's features finds the first turn-off of every way, and a tree is then answered in a few hops.
//! Where the lists are longer than the trees are deep (long texts, dense rows) the ways are walked node by node, straight
//! through memory, and left where a number asks for it. Both find the same leaf.

use super::link::{self, Label, Link};
use super::others::Other;
use super::{Answer, Context, Shape};
use crate::config::{Targets, choose};
use crate::dense::Matrix;
use crate::error::{Error, Result};
use crate::features::Row;
use crate::lookup::mix;
use crate::prelude::*;
use crate::say::int;

const MAX_NODES: usize = 1 << 24;
/// No feature: a leaf.
const NONE: u32 = u32::MAX;
/// No turn-off.
const STRAIGHT: u64 = u64::MAX;
/// So many nodes are walked by as fast as one entry of the lists.
const STEP: usize = 2;
/// How many different rows of leaves are remembered at a time, to be shared.
const SHARED: usize = 1 << 10;

/// As it stands in the file.
#[derive(Clone, Copy)]
struct Raw {
    threshold: f64,
    feature: u32,
    left: u32,
    right: u32,
}

#[derive(Clone, Copy)]
struct Node {
    /// Which of the numbers in `Trees::row` is compared; of a leaf `NONE`, which is none of them.
    asks: u32,
    /// Where the number is above this, the text leaves the usual way.
    above: f32,
    /// Where it goes on then, further behind; of a leaf its row in `values`.
    other: u32,
}

/// A node that asks for the number in whose list this stands.
#[derive(Clone, Copy, Default)]
struct Asking {
    /// The node, and in the lower half the way on which its other child lies: the smaller, the further up.
    turn: u64,
    /// The way that it lies on.
    way: u32,
    above: f32,
}

/// To which output each tree adds, and what the outputs begin with; nothing where they are means.
type Sum = Option<(Vec<u32>, Vec<f64>)>;

/// See the module.
pub struct Trees {
    nodes: Vec<Node>,
    roots: Vec<u32>,
    /// Of K columns for `mean`, else of one.
    values: Matrix,
    sum: Sum,
    link: Link,
    label: Label,
    /// Number i's list is `asking[lists[i]..lists[i + 1]]`.
    lists: Vec<u32>,
    asking: Vec<Asking>,
    /// From so many entries on it is faster to walk.
    many: usize,
    /// The way from each node; the first turn-off of each way.
    ways: Vec<u32>,
    turns: Vec<u64>,
    turned: Vec<u32>,
    /// The row as the source compares it, in float32, and behind it the same with the other sign; zeros between texts.
    row: Vec<f32>,
}

pub fn read(context: &Context, targets: &Targets) -> Result<(Other, Shape)> {
    let (stage, reader, width) = (context.stage, context.reader, context.width()?);
    let outputs = context.outputs()?;
    let mean = choose(stage, "combine", &[("mean", true), ("sum", false)])?;
    let fits = matches!(targets, Targets::Single(classes) if outputs == *classes);
    let (link, label) = match (mean, fits) {
        (false, _) => link::read(stage, outputs, targets)?,
        (true, true) => (Link::None, Label::Argmax),
        (true, false) => return Err(Error::file(&[&int(outputs), " outputs do not fit the classes"])),
    };
    let count = stage.int("trees", MAX_NODES)?;
    let roots = reader.u32s(stage, "tree.roots", Some(count), None)?;
    let features = reader.u32s(stage, "tree.feature", None, None)?;
    let n = features.len();
    if n > MAX_NODES || count == 0 {
        return Err(Error::file(&[
            &int(n),
            " nodes of ",
            &int(count),
            " trees; 1 to ",
            &int(MAX_NODES),
            " nodes are allowed",
        ]));
    }
    let thresholds = context.numbers("tree.threshold", n, None)?;
    let children = reader.u32s(stage, "tree.children", Some(n), Some(2))?;
    let values = context.numbers("tree.value", n, mean.then_some(outputs))?;
    let sum = if mean {
        None
    } else {
        let output = reader.u32s(stage, "tree.output", Some(count), None)?;
        if output.iter().any(|&k| k as usize >= outputs) {
            return Err(Error::file(&["'tree.output' names an output that is not there"]));
        }
        Some((output, context.numbers("tree.initial", outputs, None)?))
    };
    let raw: Vec<Raw> = features
        .into_iter()
        .zip(thresholds)
        .zip(children.as_chunks::<2>().0)
        .map(|((feature, threshold), &[left, right])| Raw { threshold, feature, left, right })
        .collect();
    check(&raw, &roots, width)?;
    reader.file.spend(n.saturating_mul(4).saturating_add(width))?;
    let values = Matrix::new(values, if mean { outputs } else { 1 });
    let trees = Trees::lay_out(&raw, &roots, &values, (sum, link, label), width);
    let probabilities = match (mean, link) {
        (true, _) => outputs,
        (false, Link::None) => 0,
        (false, _) => outputs.max(2),
    };
    Ok((Other::Trees(trees), Shape { scores: outputs, probabilities, labels: 1 }))
}

/// Trees, and no other graph: each node has one parent before it, or is a root.
fn check(nodes: &[Raw], roots: &[u32], width: usize) -> Result<()> {
    let mut seen = vec![false; nodes.len()];
    for (i, node) in nodes.iter().enumerate().filter(|(_, node)| node.feature != NONE) {
        if node.feature as usize >= width {
            return Err(Error::file(&[
                "node ",
                &int(i),
                " asks for feature ",
                &int(node.feature as usize),
                " of ",
                &int(width),
            ]));
        }
        for child in [node.left as usize, node.right as usize] {
            if child <= i || seen.get(child) != Some(&false) {
                return Err(Error::file(&[
                    "child ",
                    &int(child),
                    " of node ",
                    &int(i),
                    " is not behind it, not there or another's too",
                ]));
            }
            seen[child] = true;
        }
    }
    for &root in roots {
        if seen.get(root as usize) != Some(&false) {
            return Err(Error::file(&[
                "root ",
                &int(root as usize),
                " is not there, another tree's too or some node's child",
            ]));
        }
        seen[root as usize] = true;
    }
    Ok(())
}

impl Raw {
    /// The child for a feature that is not there, and the other one.
    fn children(&self) -> (u32, u32) {
        if 0.0 <= self.threshold { (self.left, self.right) } else { (self.right, self.left) }
    }

    /// Without its way. x ≤ t below 0 is the same as −x > the next number below −t.
    fn node(&self, width: usize) -> Node {
        let t = down(self.threshold);
        if 0.0 <= self.threshold {
            Node { asks: self.feature, above: t, other: NONE }
        } else {
            Node { asks: self.feature + width as u32, above: (-t).next_down(), other: NONE }
        }
    }
}

fn lists(nodes: &[Node], ways: &[u32], numbers: usize) -> (Vec<u32>, Vec<Asking>) {
    let mut lists = vec![0u32; numbers + 2];
    let asking = || (0u32..).zip(nodes).filter(|(_, node)| node.asks != NONE);
    asking().for_each(|(_, node)| lists[node.asks as usize + 2] += 1);
    for i in 2..lists.len() {
        lists[i] += lists[i - 1];
    }
    let mut all = vec![Asking::default(); asking().count()];
    for (i, node) in asking() {
        let at = &mut lists[node.asks as usize + 1];
        let turn = u64::from(i) << 32 | u64::from(ways[node.other as usize]);
        all[*at as usize] = Asking { turn, way: ways[i as usize], above: node.above };
        *at += 1;
    }
    lists.pop();
    (lists, all)
}

/// Nodes from all roots to a leaf, about: the mean over all leaves.
fn depth(nodes: &[Node], trees: usize) -> usize {
    let mut depths = vec![0u32; nodes.len()];
    let (mut leaves, mut sum) = (0, 0);
    for (i, node) in nodes.iter().enumerate() {
        if node.asks == NONE {
            leaves += 1;
            sum += depths[i] as usize;
        } else {
            depths[i + 1] = depths[i] + 1;
            depths[node.other as usize] = depths[i] + 1;
        }
    }
    trees.saturating_mul(sum / leaves.max(1) + 1)
}

/// The largest float32 that is not above.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
fn down(t: f64) -> f32 {
    let near = t as f32;
    if f64::from(near) > t { near.next_down() } else { near }
}

/// As the source compares.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
fn rounded(v: f64) -> f32 {
    v as f32
}

impl Trees {
    fn lay_out(raw: &[Raw], roots: &[u32], all: &Matrix, (sum, link, label): (Sum, Link, Label), width: usize) -> Self {
        let mut nodes: Vec<Node> = Vec::with_capacity(raw.len());
        let (mut values, mut shared) = (Vec::new(), vec![NONE; SHARED]);
        let mut share = |row: &[f64]| {
            let hash = row.iter().fold(0, |hash, v| mix(hash ^ v.to_bits())) as usize % SHARED;
            let found = shared[hash] as usize * row.len();
            let same = |old: &[f64]| old.iter().zip(row).all(|(a, b)| a.to_bits() == b.to_bits());
            if !values.get(found..found + row.len()).is_some_and(same) {
                shared[hash] = (values.len() / row.len()) as u32;
                values.extend_from_slice(row);
            }
            shared[hash]
        };
        // Other children wait with their parents until the usual way has come to its leaf.
        let mut waiting = Vec::new();
        let roots = roots.iter().map(|&root| {
            let begin = nodes.len() as u32;
            waiting.push((root, None));
            while let Some((mut at, parent)) = waiting.pop() {
                if let Some(parent) = parent {
                    nodes[parent as usize].other = nodes.len() as u32;
                }
                while let node = &raw[at as usize]
                    && node.feature != NONE
                {
                    let (usual, other) = node.children();
                    waiting.push((other, Some(nodes.len() as u32)));
                    nodes.push(node.node(width));
                    at = usual;
                }
                nodes.push(Node { asks: NONE, above: 0.0, other: share(all.row(at)) });
            }
            begin
        });
        let roots: Vec<u32> = roots.collect();
        let values = Matrix::new(values, all.columns());
        let mut ways = vec![0; nodes.len()];
        let mut way = 0;
        for at in (0..nodes.len()).rev() {
            way = if nodes[at].asks == NONE { at as u32 } else { way };
            ways[at] = way;
        }
        let (lists, asking) = lists(&nodes, &ways, 2 * width);
        let many = depth(&nodes, roots.len()) / STEP;
        let turns = vec![STRAIGHT; nodes.len()];
        let (turned, row) = (Vec::new(), vec![0.0; 2 * width]);
        Self { nodes, roots, values, sum, link, label, lists, asking, many, ways, turns, turned, row }
    }

    /// The answer for a row.
    pub fn answer(&mut self, row: &Row, out: &mut Answer) -> Result<()> {
        if !row.values.iter().all(|&v| rounded(v).is_finite()) {
            return Err(Error::not_finite());
        }
        let length = |&i: &u32| self.list(i).len() + self.list(i + self.row.len() as u32 / 2).len();
        if row.indices.iter().map(length).sum::<usize>() < self.many {
            self.turn_offs(row);
            self.add_up(out, Self::hop);
            self.turned.drain(..).for_each(|way| self.turns[way as usize] = STRAIGHT);
        } else {
            self.put(row, rounded);
            self.add_up(out, Self::walk);
            self.put(row, |_| 0.0);
        }
        Ok(())
    }

    fn put(&mut self, row: &Row, number: fn(f64) -> f32) {
        let width = self.row.len() / 2;
        let (plus, minus) = self.row.split_at_mut(width);
        for (&i, &v) in row.indices.iter().zip(&row.values) {
            (plus[i as usize], minus[i as usize]) = (number(v), -number(v));
        }
    }

    fn list(&self, number: u32) -> core::ops::Range<usize> {
        self.lists[number as usize] as usize..self.lists[number as usize + 1] as usize
    }

    /// Finds the first node of each way at which the row leaves it.
    fn turn_offs(&mut self, row: &Row) {
        let width = self.row.len() as u32 / 2;
        for (&i, &v) in row.indices.iter().zip(&row.values) {
            for (number, x) in [(i, rounded(v)), (i + width, -rounded(v))] {
                let list = self.list(number);
                // Whether a node turns the row off is a matter of chance: no branch depends on it, but on the room.
                let mut used = self.turned.len();
                self.turned.resize(used + list.len(), 0);
                let turned = self.turned.as_mut_slice();
                for asking in &self.asking[list] {
                    let leaves = x > asking.above;
                    let turn = &mut self.turns[asking.way as usize];
                    let old = *turn;
                    *turn = old.min(if leaves { asking.turn } else { STRAIGHT });
                    turned[used] = asking.way;
                    used += usize::from(leaves & (old == STRAIGHT));
                }
                self.turned.truncate(used);
            }
        }
    }

    /// The leaf of the tree that begins here, from way to way. Each begins behind the node where the last one was left.
    fn hop(&self, root: u32) -> u32 {
        let mut way = self.ways[root as usize];
        loop {
            let turn = self.turns[way as usize];
            if turn == STRAIGHT {
                return way;
            }
            way = turn as u32;
        }
    }

    /// The same, node by node.
    fn walk(&self, root: u32) -> u32 {
        let mut at = root as usize;
        loop {
            let way = self.nodes.get(at..).unwrap_or_default();
            let leaves = |node: &Node| self.row.get(node.asks as usize).is_none_or(|x| *x > node.above);
            // Every way ends at a leaf, and goes on further behind until then.
            let Some(length) = way.iter().position(leaves) else { return root };
            let node = way[length];
            if node.asks == NONE {
                return (at + length) as u32;
            }
            at = node.other as usize;
        }
    }

    /// The values of a leaf.
    fn values(&self, leaf: u32) -> &[f64] {
        self.values.row(self.nodes[leaf as usize].other)
    }

    #[inline(always)]
    fn add_up(&self, out: &mut Answer, leaf: fn(&Self, u32) -> u32) {
        if let Some((output, initial)) = &self.sum {
            out.scores.copy_from_slice(initial);
            for (&root, &k) in self.roots.iter().zip(output) {
                out.scores.iter_mut().skip(k as usize).zip(self.values(leaf(self, root))).for_each(|(s, v)| *s += v);
            }
            link::decide(self.label, &out.scores, 0.0, &mut out.labels);
            link::probabilities(self.link, &out.scores, &mut out.probabilities);
            return;
        }
        out.scores.fill(0.0);
        for &root in &self.roots {
            out.scores.iter_mut().zip(self.values(leaf(self, root))).for_each(|(s, v)| *s += v);
        }
        out.scores.iter_mut().for_each(|s| *s /= self.roots.len() as f64);
        out.probabilities.copy_from_slice(&out.scores);
        link::decide(self.label, &out.scores, 0.0, &mut out.labels);
    }
}
