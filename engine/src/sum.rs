//! Scores that are sums over features: what each stored feature gave to each of them, and which n-gram's feature it is.
//! Works on what the last answer left behind in the pipelines.

use crate::error::{Error, Result};
use crate::estimator::{Head, Kind, Linear, Other};
use crate::features::{Features, Row};
use crate::pipeline::{Front, Pipeline};
use crate::prelude::*;

/// Stands for the row of the pipeline around, in the place of a vectorizer.
const ROW: u32 = u32::MAX;
/// No entry.
pub const NONE: u32 = u32::MAX;

/// See the module.
#[derive(Default)]
pub struct Sum {
    /// One a column.
    pub scores: Vec<f64>,
    /// Vectorizer and feature of each entry; a feature may have several.
    pub entries: Vec<(u32, u32)>,
    /// Entries × columns.
    weights: Vec<f64>,
}

/// Where a pipeline's scores belong among the columns of the whole, and how much of them.
#[derive(Clone, Copy)]
struct Into {
    column: usize,
    factor: f64,
    /// Only how far class 1 is ahead.
    one: bool,
}

/// What the features of one vectorizer gave.
pub struct Shares {
    /// Where in `weights` a feature's columns are, or `NONE`.
    pub slots: Vec<u32>,
    pub weights: Vec<f64>,
}

impl Sum {
    /// The last answer of a model's pipeline.
    pub fn of(pipeline: &Pipeline, nothing: &Row) -> Result<Self> {
        let columns = pipeline.head.as_ref().map_or(0, Head::columns);
        let mut sum = Self { scores: vec![0.0; columns], ..Self::default() };
        sum.add(pipeline, nothing, Into { column: 0, factor: 1.0, one: false })?;
        Ok(sum)
    }

    /// Adds the scores of a pipeline; `input` is the row of the one around.
    fn add(&mut self, pipeline: &Pipeline, input: &Row, into: Into) -> Result<()> {
        let Some(head) = &pipeline.head else { return Ok(()) };
        let (from, row) = (self.entries.len(), pipeline.row(input));
        let members = &head.members;
        match &head.kind {
            Kind::Linear(linear) => {
                let counted =
                    if let Front::Text { counter, .. } = &pipeline.front { Some(&counter.features) } else { None };
                self.linear(linear, counted, row, into);
            }
            Kind::Constant(answer) => {
                // Of one class against another its probability is what the source takes.
                let scores = if into.one { &answer.scores[1..] } else { &answer.scores };
                self.scores.iter_mut().skip(into.column).zip(scores).for_each(|(sum, s)| *sum += into.factor * s);
            }
            Kind::Other(other) => self.other(other, members, row, into)?,
        }
        for entry in self.entries.iter_mut().skip(from).filter(|entry| entry.0 == ROW) {
            let origin = pipeline.origin(entry.1);
            *entry = origin.ok_or_else(|| refused("behind 'svd' every feature is a mixture of all n-grams"))?;
        }
        Ok(())
    }

    /// Adds the scores of another head, which are those of its members.
    #[cfg(feature = "complete")]
    fn other(&mut self, other: &Other, members: &[Pipeline], row: &Row, into: Into) -> Result<()> {
        match other {
            Other::Calibrated(_) => {
                for member in members {
                    self.add(member, row, Into { factor: into.factor / members.len() as f64, ..into })?;
                }
            }
            Other::Vote(vote) if vote.soft => {
                for (member, weight) in members.iter().zip(&vote.weights) {
                    self.add(member, row, Into { factor: into.factor * weight / vote.total, ..into })?;
                }
            }
            Other::OneVsRest(rest) => {
                for (k, member) in members.iter().enumerate() {
                    let one = Into { column: into.column + k, factor: into.factor, one: true };
                    self.add(member, row, if rest.is_single() { into } else { one })?;
                }
            }
            Other::MultiOutput => {
                let mut column = into.column;
                for member in members {
                    self.add(member, row, Into { column, ..into })?;
                    column += member.head.as_ref().map_or(0, Head::columns);
                }
            }
            Other::Layers(_) => return Err(refused("the layers of a perceptron mix its features")),
            Other::Trees(_) => return Err(refused("trees ask for features, they do not add them up")),
            Other::Distances(_) => return Err(refused("a distance is no sum over the features of a text")),
            Other::Vote(_) | Other::OneVsOne(_) => {
                return Err(refused("votes are counted, not added up over features"));
            }
        }
        Ok(())
    }

    #[cfg(not(feature = "complete"))]
    fn other(&mut self, other: &Other, _: &[Pipeline], _: &Row, _: Into) -> Result<()> {
        match *other {}
    }

    fn linear(&mut self, linear: &Linear, counted: Option<&Features>, row: &Row, into: Into) {
        let Some(weights) = linear.weights(counted) else { return };
        let mut scores = vec![0.0; linear.intercept.len()];
        linear.scores(weights, row, &mut scores);
        let columns = self.scores.len();
        let pair = linear.is_pair();
        put(&mut self.scores, &scores, pair, into);
        for (&i, &x) in row.indices.iter().zip(&row.values) {
            for (k, w) in scores.iter_mut().enumerate() {
                *w = x * weights.weight(i, k);
            }
            self.entries.push((ROW, i));
            let at = self.weights.len();
            self.weights.resize(at + columns, 0.0);
            put(&mut self.weights[at..], &scores, pair, into);
        }
    }

    /// The shares of a vectorizer's features.
    pub fn of_vectorizer(&self, number: usize, features: usize) -> Shares {
        let columns = self.scores.len();
        let mut shares = Shares { slots: vec![NONE; features], weights: Vec::new() };
        for (&(of, feature), weights) in self.entries.iter().zip(self.weights.chunks_exact(columns)) {
            if of as usize != number {
                continue;
            }
            let Some(slot) = shares.slots.get_mut(feature as usize) else { continue };
            if *slot == NONE {
                *slot = shares.weights.len() as u32;
                shares.weights.resize(shares.weights.len() + columns, 0.0);
            }
            shares.weights.iter_mut().skip(*slot as usize).zip(weights).for_each(|(sum, w)| *sum += w);
        }
        shares
    }
}

/// Adds a linear head's numbers to the columns where they belong; of a pair there is one number, for −s and s.
fn put(columns: &mut [f64], numbers: &[f64], pair: bool, into: Into) {
    let columns = &mut columns[into.column..];
    match (numbers, pair, into.one) {
        ([s], true, false) => {
            columns[0] -= into.factor * s;
            columns[1] += into.factor * s;
        }
        ([a, b], _, true) => columns[0] += into.factor * (b - a),
        _ => columns.iter_mut().zip(numbers).for_each(|(sum, s)| *sum += into.factor * s),
    }
}

impl Pipeline {
    /// Where feature `index` of this pipeline's row comes from; None where from many.
    pub fn origin(&self, index: u32) -> Option<(u32, u32)> {
        let index = self.transforms.iter().rev().try_fold(index, |index, transform| transform.origin(index))?;
        match &self.front {
            Front::Text { number, .. } => Some((*number as u32, index)),
            Front::Row => Some((ROW, index)),
            Front::Union(union) => union.origin(index),
        }
    }
}

fn refused(why: &str) -> Error {
    Error::unsupported(&["this model cannot be explained by n-grams: ", why])
}

impl Head {
    /// How many columns an explanation has.
    fn columns(&self) -> usize {
        match &self.kind {
            Kind::Linear(linear) if linear.is_pair() => 2,
            #[cfg(feature = "complete")]
            Kind::Other(other) => match &**other {
                Other::OneVsRest(rest) if rest.is_single() => 2,
                Other::OneVsRest(_) => self.members.len(),
                Other::MultiOutput => self.members.iter().map(|m| m.head.as_ref().map_or(0, Self::columns)).sum(),
                _ => self.shape.scores,
            },
            _ => self.shape.scores,
        }
    }
}
