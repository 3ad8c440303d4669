//! Decision trees over a row: forests and gradient boosting.
//!
//! Most features of a text are 0, so from most nodes the way is known beforehand: `layout` puts nodes behind each other as a
//! text without any features would meet them. Such a *way* is left only where a node asks for one of the text's own
//! features. A short text finds these nodes many at a time (`seek`, where there is SIMD); a long one walks the ways node by
//! node. Both find the same leaf.

mod batch;
mod layout;
#[cfg_attr(not(all(target_arch = "wasm32", target_feature = "simd128")), path = "trees/no_seek.rs")]
mod seek;
#[cfg(test)]
mod tests;

use self::batch::Batch;
use self::layout::{LEAF, Layout};
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

/// To which output each tree adds; nothing where outputs are means.
type Sum = Option<Vec<u32>>;

/// See the module.
pub struct Trees {
    layout: Layout,
    sum: Sum,
    link: Link,
    label: Label,
    batch: Batch,
    /// What sums begin with.
    initial: Vec<f64>,
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
    let (sum, initial) = if mean {
        (None, vec![0.0; outputs])
    } else {
        let output = reader.u32s(stage, "tree.output", Some(count), None)?;
        if output.iter().any(|&k| k as usize >= outputs) {
            return Err(Error::file(&["'tree.output' names an output that is not there"]));
        }
        (Some(output), context.numbers("tree.initial", outputs, None)?)
    };
    let raw: Vec<Raw> = features
        .into_iter()
        .zip(thresholds)
        .zip(children.as_chunks::<2>().0)
        .map(|((feature, threshold), &[left, right])| Raw { threshold, feature, left, right })
        .collect();
    check(&raw, &roots, width)?;
    reader.file.spend(n.saturating_mul(2).saturating_add(width))?;
    let values = Matrix::new(values, if mean { outputs } else { 1 });
    let layout = Layout::new(&raw, &roots, &values, width);
    let trees = Trees { batch: Batch::new(&layout), layout, sum, link, label, initial };
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
    /// The answer for a row.
    pub fn answer(&mut self, row: &Row, out: &mut Answer) -> Result<()> {
        self.keep(row)?;
        self.release(out, &mut |_| Ok(()))
    }

    /// Keeps a row, to be answered together with others. Whether there is no room for more.
    pub fn keep(&mut self, row: &Row) -> Result<bool> {
        if !row.values.iter().all(|&v| rounded(v).is_finite()) {
            return Err(Error::not_finite());
        }
        for (&i, &v) in row.indices.iter().zip(&row.values) {
            self.batch.add(&self.layout, i, rounded(v));
        }
        Ok(self.batch.push(&self.initial))
    }

    /// Answers for the rows that were kept, one after the other.
    pub fn release(&mut self, out: &mut Answer, each: &mut dyn FnMut(&Answer) -> Result<()>) -> Result<()> {
        let Self { layout, batch, sum, .. } = self;
        let (values, k) = (&layout.values, out.scores.len());
        match (sum, k) {
            (Some(output), _) => batch.run(layout, k, &mut |rows, first, sums| {
                for (&row, &k) in rows.iter().zip(&output[first..]) {
                    sums.iter_mut().skip(k as usize).zip(values.row(row % LEAF)).for_each(|(s, v)| *s += v);
                }
            }),
            (None, 2) => batch.run(layout, k, &mut |rows, _, sums| add_rows::<2>(values, rows, sums)),
            (None, 3) => batch.run(layout, k, &mut |rows, _, sums| add_rows::<3>(values, rows, sums)),
            (None, 4) => batch.run(layout, k, &mut |rows, _, sums| add_rows::<4>(values, rows, sums)),
            (None, _) => batch.run(layout, k, &mut |rows, _, sums| {
                for &row in rows {
                    sums.iter_mut().zip(values.row(row % LEAF)).for_each(|(s, v)| *s += v);
                }
            }),
        }
        let mut result = Ok(());
        for sums in self.batch.sums.chunks_exact(k) {
            out.scores.copy_from_slice(sums);
            if self.sum.is_none() {
                out.scores.iter_mut().for_each(|s| *s /= self.layout.roots.len() as f64);
                out.probabilities.copy_from_slice(&out.scores);
            } else {
                link::probabilities(self.link, &out.scores, &mut out.probabilities);
            }
            link::decide(self.label, &out.scores, 0.0, &mut out.labels);
            result = each(out);
            if result.is_err() {
                break;
            }
        }
        self.batch.clear();
        result
    }
}

/// Of K columns: their sums stay in registers.
#[inline(always)]
fn add_rows<const K: usize>(values: &Matrix, rows: &[u32], out: &mut [f64]) {
    let Some(out) = out.first_chunk_mut::<K>() else { return };
    let mut sums = *out;
    for &row in rows {
        if let Some(row) = values.row(row % LEAF).first_chunk::<K>() {
            sums.iter_mut().zip(row).for_each(|(s, v)| *s += v);
        }
    }
    *out = sums;
}
