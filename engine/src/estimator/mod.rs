//! Heads: from a row, or from the text through members that are pipelines themselves, to scores, probabilities and labels.

#[cfg(feature = "complete")]
mod calibrated;
#[cfg(feature = "complete")]
mod distances;
#[cfg(feature = "complete")]
mod layers;
mod linear;
mod link;
#[cfg(feature = "complete")]
mod members;
#[cfg_attr(not(feature = "complete"), path = "no_others.rs")]
mod others;
#[cfg(feature = "complete")]
mod trees;

use crate::config::{MAX_CLASSES, Reader, Targets};
use crate::error::{Error, Result};
use crate::features::{Features, Row, finite};
use crate::json::Json;
use crate::pipeline::{Pipeline, Run, no_row};
use crate::prelude::*;
use crate::say::int;
pub use linear::Linear;
pub use others::{Other, Trees};

/// More than any head has.
const MAX_MEMBERS: usize = 4096;

/// How many numbers there are for one text.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Shape {
    /// K
    pub scores: usize,
    /// P; 0 where there are none
    pub probabilities: usize,
    /// L
    pub labels: usize,
}

/// The numbers for one text.
#[derive(Default)]
pub struct Answer {
    /// K
    pub scores: Vec<f64>,
    /// P, written only where somebody asks
    pub probabilities: Vec<f64>,
    /// L
    pub labels: Vec<u32>,
}

impl Answer {
    /// Room for the numbers of one text.
    pub fn new(shape: Shape) -> Self {
        Self {
            scores: vec![0.0; shape.scores],
            probabilities: vec![0.0; shape.probabilities],
            labels: vec![0; shape.labels],
        }
    }

    /// Whether the scores are numbers.
    #[inline(always)]
    pub fn check(&self) -> Result<()> {
        finite(&self.scores)
    }
}

/// What a head does.
pub enum Kind {
    Linear(Box<Linear>),
    Constant(Answer),
    Other(Box<Other>),
}

/// See the module.
pub struct Head {
    pub kind: Kind,
    pub shape: Shape,
    pub members: Vec<Pipeline>,
}

impl Head {
    /// Reads the last stage of a pipeline, whose row, where there is one, is `width` wide there.
    pub fn read(reader: &Reader, stage: &Json, width: Option<usize>, targets: &Targets, depth: usize) -> Result<Self> {
        let name = stage.str("stage")?;
        let single = if let Targets::Single(classes) = *targets { Some(classes) } else { None };
        if single == Some(1) && name != "constant" {
            return Err(Error::file(&["1 class: '", name, "' needs two"]));
        }
        let context = Context { reader, stage, input: width, depth };
        let mut members = Vec::new();
        let (kind, shape) = match (name, targets) {
            ("linear", _) => linear::read(&context, targets)?,
            ("constant", Targets::Single(_) | Targets::Multilabel(_)) => constant(&context, targets)?,
            _ => {
                let (other, shape) = others::read(name, &context, targets, &mut members)?;
                (Kind::Other(Box::new(other)), shape)
            }
        };
        Ok(Self { kind, shape, members })
    }

    /// The coefficients of a linear head, which will stand beside the counters.
    pub fn take_coef(&mut self) -> Option<Vec<f64>> {
        if let Kind::Linear(linear) = &mut self.kind { Some(core::mem::take(&mut linear.coef)) } else { None }
    }

    /// Those of a linear head, until they have found their place.
    pub fn coef(&self) -> Option<&[f64]> {
        if let Kind::Linear(linear) = &self.kind { Some(&linear.coef) } else { None }
    }

    /// Whether it is linear and its coefficients stand beside the counters.
    pub fn is_beside_counters(&self) -> bool {
        if let Kind::Linear(linear) = &self.kind { linear.weights(None).is_none() } else { false }
    }

    /// Gives a linear head whose coefficients nobody took their own place.
    pub fn finish(&mut self, reader: &Reader, width: usize) -> Result<()> {
        if let Kind::Linear(linear) = &mut self.kind { linear.finish(reader, width) } else { Ok(()) }
    }

    /// Where it answers faster for many rows together: what keeps them.
    pub fn batch(&mut self) -> Option<&mut Trees> {
        if let Kind::Other(other) = &mut self.kind { other.batch() } else { None }
    }

    /// Answers for a row; `counted` has the coefficients where they stand beside the counters. Probabilities are written
    /// where they are asked for, or are the scores as well.
    #[inline(always)]
    pub fn answer(
        &mut self,
        run: &mut Run,
        counted: Option<&Features>,
        row: &Row,
        probabilities: bool,
        out: &mut Answer,
    ) -> Result<()> {
        if let Kind::Linear(linear) = &self.kind {
            return linear.answer(counted, row, probabilities, out);
        }
        self.others(run, row, probabilities, out)
    }

    #[inline(never)]
    fn others(&mut self, run: &mut Run, row: &Row, probabilities: bool, out: &mut Answer) -> Result<()> {
        // Sums show what is not finite; comparisons would swallow it.
        finite(&row.values)?;
        match &mut self.kind {
            Kind::Linear(_) => Ok(()),
            Kind::Constant(answer) => {
                out.scores.copy_from_slice(&answer.scores);
                out.probabilities.copy_from_slice(&answer.probabilities);
                out.labels.copy_from_slice(&answer.labels);
                Ok(())
            }
            Kind::Other(other) => other.answer(&mut self.members, run, row, probabilities, out),
        }
    }
}

/// What reading a head needs.
pub struct Context<'a> {
    reader: &'a Reader<'a>,
    stage: &'a Json,
    input: Option<usize>,
    depth: usize,
}

impl Context<'_> {
    /// The width of the row.
    fn width(&self) -> Result<usize> {
        self.input.ok_or_else(no_row)
    }

    fn numbers(&self, name: &str, rows: usize, columns: Option<usize>) -> Result<Vec<f64>> {
        self.reader.numbers(self.stage, name, rows, columns)
    }

    /// The key `outputs`.
    fn outputs(&self) -> Result<usize> {
        self.stage.int("outputs", MAX_CLASSES)
    }

    /// A member: a list of stages, with a head for `targets`.
    fn member(&self, stages: &Json, targets: &Targets) -> Result<Pipeline> {
        let Json::Array(stages) = stages else {
            return Err(Error::file(&["a member must be a list of stages"]));
        };
        Pipeline::read(self.reader, stages, self.input, Some(targets), self.depth + 1)
    }

    /// The key `members`: `count` of them where that is given.
    fn members(&self, count: Option<usize>) -> Result<&[Json]> {
        let members = self.stage.array("members")?;
        let found = members.len();
        if found == 0 || found > MAX_MEMBERS || count.is_some_and(|count| count != found) {
            let wanted = count.unwrap_or(MAX_MEMBERS);
            return Err(Error::file(&[
                &int(found),
                " members, and not ",
                &int(wanted),
                " (at most ",
                &int(MAX_MEMBERS),
                " are allowed)",
            ]));
        }
        Ok(members)
    }
}

fn constant(context: &Context, targets: &Targets) -> Result<(Kind, Shape)> {
    let (p, labels, largest) = match *targets {
        Targets::Multilabel(classes) => (classes, classes, 1),
        Targets::Single(classes) => (classes, 1, classes as u32 - 1),
        Targets::Multioutput(_) => (0, 0, 0),
    };
    let probabilities = context.numbers("probabilities", p, None)?;
    let labels = context.reader.u32s(context.stage, "labels", Some(labels), None)?;
    if labels.iter().any(|&label| label > largest) {
        return Err(Error::file(&["a label of 'constant' is above ", &int(largest as usize)]));
    }
    let shape = Shape { scores: p, probabilities: p, labels: labels.len() };
    Ok((Kind::Constant(Answer { scores: probabilities.clone(), probabilities, labels }), shape))
}
