//! Decision trees over a row: forests and gradient boosting.
//!
//! Most features of a text are 0, so from most nodes the way is known beforehand: `layout` puts nodes behind each other as a
//! text without any features would meet them. Such a *way* is left only where a node asks for one of the text's own
//! features. A short text finds these nodes by `turns`, in lists by feature; a long one walks the ways node by node. Both
//! find the same leaf.

mod layout;
#[cfg(test)]
mod tests;
mod turns;

use self::layout::{LEAF, Layout, Present};
use self::turns::Turns;
use super::link::{self, Label, Link};
use super::others::Other;
use super::{Answer, Context, Shape};
use crate::config::{Targets, choose};
use crate::dense::Matrix;
use crate::error::{Error, Result};
use crate::features::Row;
use crate::prelude::*;
use crate::say::int;

/// So that a node, a way and a row of values are each known by 24 bits.
const MAX_NODES: usize = 1 << 24;
/// No feature: a leaf.
const NONE: u32 = u32::MAX;

/// As it stands in the file.
#[derive(Clone, Copy, Debug)]
struct Raw {
    threshold: f64,
    feature: u32,
    left: u32,
    right: u32,
}

/// To which output each tree adds, and what the outputs begin with; nothing where they are means.
type Sum = Option<(Vec<u32>, Vec<f64>)>;

/// See the module.
pub struct Trees {
    layout: Layout,
    turns: Turns,
    sum: Sum,
    link: Link,
    label: Label,
    present: Present,
    /// The row of each tree's leaf, with `LEAF`.
    rows: Vec<u32>,
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
    let trees = Trees::new(Layout::new(&raw, &roots, &values, width), (sum, link, label));
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

/// As the source compares.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
fn rounded(v: f64) -> f32 {
    v as f32
}

impl Trees {
    fn new(layout: Layout, (sum, link, label): (Sum, Link, Label)) -> Self {
        let (turns, present) = (Turns::new(&layout), Present::new(&layout));
        Self { layout, turns, sum, link, label, present, rows: Vec::new() }
    }

    /// The answer for a row.
    pub fn answer(&mut self, row: &Row, out: &mut Answer) -> Result<()> {
        if !row.values.iter().all(|&v| rounded(v).is_finite()) {
            return Err(Error::not_finite());
        }
        self.leaves(row);
        self.add_up(out);
        Ok(())
    }

    /// Finds the leaf of each tree.
    fn leaves(&mut self, row: &Row) {
        for (&i, &v) in row.indices.iter().zip(&row.values) {
            self.present.add(&self.layout, i, rounded(v));
        }
        if !self.turns.leaves(&self.present, &mut self.rows) {
            self.layout.walk(&self.present, &mut self.rows);
        }
        self.present.clear();
    }

    fn add_up(&self, out: &mut Answer) {
        let values = &self.layout.values;
        if let Some((output, initial)) = &self.sum {
            out.scores.copy_from_slice(initial);
            for (&row, &k) in self.rows.iter().zip(output) {
                out.scores.iter_mut().skip(k as usize).zip(values.row(row % LEAF)).for_each(|(s, v)| *s += v);
            }
            link::decide(self.label, &out.scores, 0.0, &mut out.labels);
            link::probabilities(self.link, &out.scores, &mut out.probabilities);
            return;
        }
        match out.scores.len() {
            2 => self.sum_rows::<2>(&mut out.scores),
            3 => self.sum_rows::<3>(&mut out.scores),
            4 => self.sum_rows::<4>(&mut out.scores),
            _ => {
                out.scores.fill(0.0);
                for &row in &self.rows {
                    out.scores.iter_mut().zip(values.row(row % LEAF)).for_each(|(s, v)| *s += v);
                }
            }
        }
        out.scores.iter_mut().for_each(|s| *s /= self.rows.len() as f64);
        out.probabilities.copy_from_slice(&out.scores);
        link::decide(self.label, &out.scores, 0.0, &mut out.labels);
    }

    /// Of K columns: their sums stay in registers.
    fn sum_rows<const K: usize>(&self, out: &mut [f64]) {
        let mut sums = [0.0; K];
        for &row in &self.rows {
            if let Some(row) = self.layout.values.row(row % LEAF).first_chunk::<K>() {
                sums.iter_mut().zip(row).for_each(|(s, v)| *s += v);
            }
        }
        out.copy_from_slice(&sums);
    }
}
