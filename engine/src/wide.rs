//! Rows that are made of other rows: combinations of all features, and rows side by side.

use crate::config::{MAX_FEATURES, Reader};
use crate::dense::Matrix;
use crate::error::{Error, Result};
use crate::features::{Plan, Row};
use crate::json::Json;
use crate::pipeline::{Front, Pipeline, Run, begins_with_text, no_row};
use crate::prelude::*;
use crate::say::int;

const MAX_BRANCHES: usize = 64;

/// A step that makes a new row of a row.
pub enum Wide {
    /// A dense row of combinations.
    Svd {
        /// Features × combinations.
        components: Matrix,
        /// Its row.
        out: Row,
    },
    /// The rows of several pipelines that begin with this row.
    Union {
        /// The pipelines.
        union: Union,
        /// Their row.
        out: Row,
    },
}

impl Wide {
    /// Reads the stage `svd` or `union`; `width` is the row's before and becomes the row's behind it.
    pub fn read(reader: &Reader, stage: &Json, width: &mut usize, depth: usize) -> Result<Self> {
        let features = *width;
        if stage.str("stage")? == "union" {
            let union = Union::read(reader, stage, Some(features), depth)?;
            *width = union.width();
            return Ok(Self::Union { union, out: Row::default() });
        }
        *width = stage.int("n_features", MAX_FEATURES)?;
        if *width == 0 {
            return Err(Error::file(&["'n_features' is 0"]));
        }
        let components = Matrix::new(reader.numbers(stage, "components", features, Some(*width))?, *width);
        let indices = (0..*width as u32).collect();
        Ok(Self::Svd { components, out: Row { indices, values: vec![0.0; *width], dense: true } })
    }

    /// Where feature `index` behind it was before it; None where it is a combination of many.
    pub fn origin(&self, index: u32) -> Option<u32> {
        match self {
            Self::Svd { .. } => None,
            Self::Union { union, .. } => union.origin(index).map(|(_, index)| index),
        }
    }

    /// Applies the step to a row.
    pub fn apply(&mut self, run: &mut Run, row: &mut Row) -> Result<()> {
        match self {
            Self::Svd { components, out } => {
                components.multiply(row, &mut out.values);
                row.clone_from(out);
            }
            Self::Union { union, out } => {
                union.fill(run, row, out)?;
                core::mem::swap(row, out);
            }
        }
        Ok(())
    }
}

/// Pipelines without heads whose rows stand side by side.
pub struct Union {
    branches: Vec<Pipeline>,
    /// How each branch's part of a linear head's sums is made, and by what it is multiplied, where no row is needed.
    shares: Vec<(Plan, f64)>,
    /// Room for one branch's.
    part: Vec<f64>,
}

impl Union {
    /// Reads the stage `union`; `input` is the width of the row before it, where there is one.
    pub fn read(reader: &Reader, stage: &Json, input: Option<usize>, depth: usize) -> Result<Self> {
        let found = stage.array("branches")?;
        if !(1..=MAX_BRANCHES).contains(&found.len()) {
            return Err(Error::file(&[&int(found.len()), " branches; 1 to ", &int(MAX_BRANCHES), " are allowed"]));
        }
        let mut union = Self { branches: Vec::with_capacity(found.len()), shares: Vec::new(), part: Vec::new() };
        for branch in found {
            let Json::Array(stages) = branch else { return Err(Error::file(&["a branch must be a list"])) };
            if input.is_some() && begins_with_text(stages) {
                return Err(Error::file(&["a union among transforms has a branch that begins with a vectorizer"]));
            }
            if input.is_none() && stages.is_empty() {
                return Err(no_row());
            }
            union.branches.push(Pipeline::read(reader, stages, input, None, depth + 1)?);
        }
        let width = union.width();
        if width > MAX_FEATURES {
            return Err(Error::file(&[
                &int(width),
                " features side by side; at most ",
                &int(MAX_FEATURES),
                " are allowed",
            ]));
        }
        Ok(union)
    }

    /// How many features its row has.
    pub fn width(&self) -> usize {
        self.branches.iter().map(|branch| branch.width).sum()
    }

    /// Puts beside its branches' counters what belongs there: also the coefficients (F × K) of a linear head that comes
    /// straight behind, where sums may be made branch by branch. Only in float32's order, which the text alone fixes.
    pub fn place(&mut self, reader: &Reader, coef: Option<&[f64]>) -> Result<()> {
        let shares = self.branches.iter().map(Pipeline::share).collect::<Option<_>>();
        let (Some(shares), Some(mut rest), true) = (shares, coef, reader.float32) else {
            return self.branches.iter_mut().try_for_each(|branch| branch.place(reader, &[]));
        };
        self.shares = shares;
        let outputs = rest.len() / self.width();
        self.part = vec![0.0; outputs];
        for (branch, &(plan, _)) in self.branches.iter_mut().zip(&self.shares) {
            let (own, behind) = rest.split_at(branch.width * outputs);
            branch.place(reader, own)?;
            if let Front::Text { counter, .. } = &mut branch.front {
                counter.prepare(plan, outputs);
            }
            rest = behind;
        }
        Ok(())
    }

    /// Whether `score` can be asked.
    pub fn is_direct(&self) -> bool {
        !self.shares.is_empty()
    }

    /// The scores of a text, without intercept.
    pub fn score(&mut self, run: &mut Run, out: &mut [f64]) -> Result<()> {
        out.fill(0.0);
        for (branch, &(plan, factor)) in self.branches.iter_mut().zip(&self.shares) {
            let Front::Text { counter, .. } = &mut branch.front else { continue };
            let known = counter.score(run.text, plan, &mut self.part)?;
            run.known = run.known.saturating_add(known as u32);
            out.iter_mut().zip(&self.part).for_each(|(sum, part)| *sum += factor * part);
        }
        Ok(())
    }

    /// Its pipelines.
    pub fn branches(&mut self) -> &mut [Pipeline] {
        &mut self.branches
    }

    /// Makes the row of a text.
    pub fn fill(&mut self, run: &mut Run, input: &Row, out: &mut Row) -> Result<()> {
        out.indices.clear();
        out.values.clear();
        out.dense = true;
        let mut offset = 0;
        for branch in &mut self.branches {
            branch.fill(run, input)?;
            let row = branch.row(input);
            out.indices.extend(row.indices.iter().map(|i| i + offset));
            out.values.extend_from_slice(&row.values);
            out.dense &= row.dense;
            offset += branch.width as u32;
        }
        Ok(())
    }

    /// Where feature `index` of its row comes from.
    pub fn origin(&self, index: u32) -> Option<(u32, u32)> {
        let mut index = index;
        for branch in &self.branches {
            if (index as usize) < branch.width {
                return branch.origin(index);
            }
            index -= branch.width as u32;
        }
        None
    }
}
