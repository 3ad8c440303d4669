//! Decision trees over a row: forests and gradient boosting.
//!
//! Most features of a text are 0, so from most nodes the way is known beforehand: the *usual* child is the one for 0, and
//! from every node the usual way ends at one leaf, by whose number the way is called. A text leaves it only at nodes that
//! ask for one of its own features. Those are listed by feature: one walk over the lists of the text's features finds the
//! first turn-off of every way, and a tree is then answered in a few hops instead of one step for each level. Where the
//! lists are longer than the trees are deep (long texts, dense rows) the trees are descended as usual. Both find the same leaf.

use super::link::{self, Label, Link};
use super::others::Other;
use super::{Answer, Context, Shape};
use crate::config::{Targets, choose};
use crate::dense::Matrix;
use crate::error::{Error, Result};
use crate::features::Row;
use crate::prelude::*;

const MAX_NODES: usize = 1 << 24;
/// No feature: a leaf.
const NONE: u32 = u32::MAX;
/// No turn-off.
const STRAIGHT: u64 = u64::MAX;
/// A step of the descent takes as long as so many entries of the lists.
const STEP: usize = 3;

#[derive(Clone, Copy, Default)]
struct Node {
    threshold: f64,
    feature: u32,
    left: u32,
    right: u32,
    /// The leaf at the end of the usual way from here.
    end: u32,
}

/// A node that asks for the feature in whose list this stands.
#[derive(Clone, Copy, Default)]
struct Asking {
    /// The node, and in the lower half the way on which its unusual child lies: the smaller, the further up.
    turn: u64,
    /// The way that it lies on.
    way: u32,
    /// Rounded down to float32, which changes no comparison with one.
    threshold: f32,
}

/// See the module.
pub struct Trees {
    nodes: Vec<Node>,
    roots: Vec<u32>,
    /// N × K of `mean`, else N × 1.
    values: Matrix,
    /// Of `sum`: to which output a tree adds, and what the outputs begin with.
    sum: Option<(Vec<u32>, Vec<f64>)>,
    link: Link,
    label: Label,
    /// Feature i's list is `asking[lists[i]..lists[i + 1]]`.
    lists: Vec<u32>,
    asking: Vec<Asking>,
    /// From so many entries on the descent is faster.
    many: usize,
    /// The first turn-off of each way.
    turns: Vec<u64>,
    turned: Vec<u32>,
    /// The row for the descent; zeros between texts.
    dense: Vec<f64>,
}

pub fn read(context: &Context, targets: &Targets) -> Result<(Other, Shape)> {
    let (stage, reader, width) = (context.stage, context.reader, context.width()?);
    let outputs = context.outputs()?;
    let mean = choose(stage, "combine", &[("mean", true), ("sum", false)])?;
    let fits = matches!(targets, Targets::Single(classes) if outputs == *classes);
    let (link, label) = match (mean, fits) {
        (false, _) => link::read(stage, outputs, targets)?,
        (true, true) => (Link::None, Label::Argmax),
        (true, false) => return Err(Error::file(format_args!("{outputs} outputs do not fit the classes"))),
    };
    let count = stage.int("trees", MAX_NODES)?;
    let roots = reader.u32s(stage, "tree.roots", Some(count), None)?;
    let features = reader.u32s(stage, "tree.feature", None, None)?;
    let n = features.len();
    if n > MAX_NODES || count == 0 {
        return Err(Error::file(format_args!("{n} nodes of {count} trees; 1 to {MAX_NODES} nodes are allowed")));
    }
    let thresholds = context.numbers("tree.threshold", n, None)?;
    let children = reader.u32s(stage, "tree.children", Some(n), Some(2))?;
    let values = context.numbers("tree.value", n, mean.then_some(outputs))?;
    let sum = if mean {
        None
    } else {
        let output = reader.u32s(stage, "tree.output", Some(count), None)?;
        if output.iter().any(|&k| k as usize >= outputs) {
            return Err(Error::file(format_args!("'tree.output' names an output that is not there")));
        }
        Some((output, context.numbers("tree.initial", outputs, None)?))
    };
    let mut nodes: Vec<Node> = features
        .into_iter()
        .zip(thresholds)
        .zip(children.as_chunks::<2>().0)
        .map(|((feature, threshold), &[left, right])| Node { threshold, feature, left, right, end: NONE })
        .collect();
    check(&nodes, &roots, width)?;
    reader.file.spend(n.saturating_mul(4).saturating_add(width))?;
    // Children first.
    for i in (0..n).rev() {
        let node = nodes[i];
        nodes[i].end = if node.feature == NONE { i as u32 } else { nodes[node.usual() as usize].end };
    }
    let (lists, asking) = lists(&nodes, width);
    let many = STEP * depth(&nodes, &roots);
    let trees = Trees {
        roots,
        values: Matrix::new(values, if mean { outputs } else { 1 }),
        sum,
        link,
        label,
        lists,
        asking,
        many,
        turns: vec![STRAIGHT; n],
        turned: Vec::new(),
        dense: vec![0.0; width],
        nodes,
    };
    let probabilities = match (mean, link) {
        (true, _) => outputs,
        (false, Link::None) => 0,
        (false, _) => outputs.max(2),
    };
    Ok((Other::Trees(trees), Shape { scores: outputs, probabilities, labels: 1 }))
}

/// Trees, and no other graph: each node has one parent before it, or is a root.
fn check(nodes: &[Node], roots: &[u32], width: usize) -> Result<()> {
    let mut seen = vec![false; nodes.len()];
    for (i, node) in nodes.iter().enumerate().filter(|(_, node)| node.feature != NONE) {
        if node.feature as usize >= width {
            return Err(Error::file(format_args!("node {i} asks for feature {} of {width}", node.feature)));
        }
        for child in [node.left as usize, node.right as usize] {
            if child <= i || seen.get(child) != Some(&false) {
                return Err(Error::file(format_args!(
                    "child {child} of node {i} is not behind it, not there or another's too"
                )));
            }
            seen[child] = true;
        }
    }
    for &root in roots {
        if seen.get(root as usize) != Some(&false) {
            return Err(Error::file(format_args!("root {root} is not there, another tree's too or some node's child")));
        }
        seen[root as usize] = true;
    }
    Ok(())
}

fn lists(nodes: &[Node], width: usize) -> (Vec<u32>, Vec<Asking>) {
    let mut lists = vec![0u32; width + 2];
    let asking = || (0u32..).zip(nodes).filter(|(_, node)| node.feature != NONE);
    asking().for_each(|(_, node)| lists[node.feature as usize + 2] += 1);
    for i in 2..lists.len() {
        lists[i] += lists[i - 1];
    }
    let mut all = vec![Asking::default(); asking().count()];
    for (i, node) in asking() {
        let at = &mut lists[node.feature as usize + 1];
        let turn = u64::from(i) << 32 | u64::from(nodes[node.unusual() as usize].end);
        all[*at as usize] = Asking { turn, way: node.end, threshold: down(node.threshold) };
        *at += 1;
    }
    lists.pop();
    (lists, all)
}

/// Steps from all roots to a leaf, about: the mean over each tree's leaves.
fn depth(nodes: &[Node], roots: &[u32]) -> usize {
    let mut depths = vec![0u32; nodes.len()];
    let (mut leaves, mut sum) = (0, 0);
    for (i, node) in nodes.iter().enumerate() {
        if node.feature == NONE {
            leaves += 1;
            sum += depths[i] as usize;
        } else {
            depths[node.left as usize] = depths[i] + 1;
            depths[node.right as usize] = depths[i] + 1;
        }
    }
    roots.len().saturating_mul(sum / leaves.max(1) + 1)
}

impl Node {
    /// The child for a feature that is not there.
    fn usual(&self) -> u32 {
        if 0.0 <= self.threshold { self.left } else { self.right }
    }

    fn unusual(&self) -> u32 {
        if 0.0 <= self.threshold { self.right } else { self.left }
    }
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
    /// The answer for a row.
    pub fn answer(&mut self, row: &Row, out: &mut Answer) -> Result<()> {
        if !row.values.iter().all(|&v| rounded(v).is_finite()) {
            return Err(Error::not_finite());
        }
        let length = |&i: &u32| (self.lists[i as usize + 1] - self.lists[i as usize]) as usize;
        if row.indices.iter().map(length).sum::<usize>() < self.many {
            self.turn_offs(row);
            self.add_up(out, Self::hop);
            self.turned.drain(..).for_each(|way| self.turns[way as usize] = STRAIGHT);
        } else {
            row.indices.iter().zip(&row.values).for_each(|(&i, &v)| self.dense[i as usize] = rounded(v).into());
            self.add_up(out, Self::descend);
            row.indices.iter().for_each(|&i| self.dense[i as usize] = 0.0);
        }
        Ok(())
    }

    /// Finds the first node of each way at which the row leaves it.
    fn turn_offs(&mut self, row: &Row) {
        for (&i, &v) in row.indices.iter().zip(&row.values) {
            let x = rounded(v);
            let list = self.lists[i as usize] as usize..self.lists[i as usize + 1] as usize;
            // Whether a node turns the row off is a matter of chance: no branch depends on it, but on the room.
            let mut used = self.turned.len();
            self.turned.resize(used + list.len(), 0);
            let turned = self.turned.as_mut_slice();
            for asking in &self.asking[list] {
                let leaves = (x <= asking.threshold) != (0.0 <= asking.threshold);
                let turn = &mut self.turns[asking.way as usize];
                let old = *turn;
                *turn = old.min(if leaves { asking.turn } else { STRAIGHT });
                turned[used] = asking.way;
                used += usize::from(leaves & (old == STRAIGHT));
            }
            self.turned.truncate(used);
        }
    }

    /// The leaf of the tree with this root, from way to way. Each begins behind the node where the last one was left.
    fn hop(&self, root: u32) -> u32 {
        let mut way = self.nodes[root as usize].end;
        loop {
            let turn = self.turns[way as usize];
            if turn == STRAIGHT {
                return way;
            }
            way = turn as u32;
        }
    }

    /// The same, node by node. Children are behind their parents: it ends.
    fn descend(&self, root: u32) -> u32 {
        let mut at = root;
        loop {
            let node = &self.nodes[at as usize];
            if node.feature == NONE {
                return at;
            }
            at = if self.dense[node.feature as usize] <= node.threshold { node.left } else { node.right };
        }
    }

    fn add_up(&self, out: &mut Answer, leaf: fn(&Self, u32) -> u32) {
        if let Some((output, initial)) = &self.sum {
            out.scores.copy_from_slice(initial);
            for (&root, &k) in self.roots.iter().zip(output) {
                let value = self.values.row(leaf(self, root));
                out.scores.iter_mut().skip(k as usize).zip(value).for_each(|(s, v)| *s += v);
            }
            link::decide(self.label, &out.scores, 0.0, &mut out.labels);
            link::probabilities(self.link, &out.scores, &mut out.probabilities);
            return;
        }
        out.scores.fill(0.0);
        for &root in &self.roots {
            out.scores.iter_mut().zip(self.values.row(leaf(self, root))).for_each(|(s, v)| *s += v);
        }
        out.scores.iter_mut().for_each(|s| *s /= self.roots.len() as f64);
        out.probabilities.copy_from_slice(&out.scores);
        link::decide(self.label, &out.scores, 0.0, &mut out.labels);
    }
}
