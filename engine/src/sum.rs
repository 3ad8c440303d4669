//! Scores that are sums over features: what each stored feature gave to each of them, and which n-gram's feature it is.
//! Works on what the last answer left behind in the pipelines.

use crate::error::{Error, Result};
use crate::estimator::{Head, Kind};
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
    /// The columns are −s and s.
    pair: bool,
}

/// What the features of one vectorizer gave.
pub struct Shares {
    /// Where in `weights` a feature's columns are, or `NONE`.
    pub slots: Vec<u32>,
    pub weights: Vec<f64>,
}

impl Sum {
    fn new(columns: usize) -> Self {
        Self { scores: vec![0.0; columns], ..Self::default() }
    }

    /// Adds what `f` makes of the columns of a part.
    fn add(&mut self, part: &Self, f: &dyn Fn(&[f64], &mut [f64])) {
        let columns = self.scores.len();
        f(&part.scores, &mut self.scores);
        self.entries.extend_from_slice(&part.entries);
        for weights in part.weights.chunks_exact(part.scores.len()) {
            let at = self.weights.len();
            self.weights.resize(at + columns, 0.0);
            f(weights, &mut self.weights[at..]);
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

impl Pipeline {
    /// The last answer as a sum; `input` is the row of the pipeline around.
    pub fn sum(&self, input: &Row) -> Result<Sum> {
        let Some(head) = &self.head else { return Err(Error::file("a pipeline needs a head")) };
        let counted = if let Front::Text { counter, .. } = &self.front { Some(&counter.features) } else { None };
        let mut sum = head.sum(counted, self.row(input))?;
        for entry in sum.entries.iter_mut().filter(|entry| entry.0 == ROW) {
            *entry = self.origin(entry.1).ok_or_else(|| refused("behind 'svd' every feature is a mixture of all n-grams"))?;
        }
        Ok(sum)
    }

    /// Where feature `index` of this pipeline's row comes from; None where from many.
    pub fn origin(&self, index: u32) -> Option<(u32, u32)> {
        let index = self.transforms.iter().rev().try_fold(index, |index, transform| transform.origin(index))?;
        match &self.front {
            Front::Text { number, .. } => Some((*number as u32, index)),
            Front::Row => Some((ROW, index)),
            Front::Union(branches) => among(branches, index),
        }
    }
}

/// Where feature `index` of the rows of `branches` side by side comes from.
pub fn among(branches: &[Pipeline], index: u32) -> Option<(u32, u32)> {
    let mut index = index;
    for branch in branches {
        if (index as usize) < branch.width {
            return branch.origin(index);
        }
        index -= branch.width as u32;
    }
    None
}

fn refused(why: &str) -> Error {
    Error::unsupported(format!("this model cannot be explained by n-grams: {why}"))
}

impl Head {
    fn sum(&self, counted: Option<&Features>, row: &Row) -> Result<Sum> {
        let parts = || self.members.iter().map(|member| member.sum(row));
        let mean = |weights: &[f64], total: f64| {
            let mut sum = Sum { pair: true, ..Sum::new(self.shape.scores) };
            for (part, weight) in parts().zip(weights.iter().cycle()) {
                let part = part?;
                sum.add(&part, &|from, to| to.iter_mut().zip(from).for_each(|(to, from)| *to += from * weight / total));
                sum.pair &= part.pair;
            }
            Ok(sum)
        };
        match &self.kind {
            Kind::Linear(linear) => Ok(linear.sum(counted, row)),
            Kind::Constant(answer) => Ok(Sum { scores: answer.scores.clone(), ..Sum::default() }),
            Kind::Calibrated(_) => mean(&[1.0], self.members.len() as f64),
            Kind::Vote(vote) if vote.soft => mean(&vote.weights, vote.total),
            Kind::OneVsRest(rest) if rest.is_single() => {
                parts().next().unwrap_or_else(|| Ok(Sum::default()))
            }
            Kind::OneVsRest(_) => {
                let mut sum = Sum::new(self.members.len());
                for (k, part) in parts().enumerate() {
                    let part = part?;
                    // Of −s and s the latter; nobody takes the difference of a constant's probabilities either.
                    let last = part.pair || part.entries.is_empty();
                    sum.add(&part, &|from, to| {
                        if let ([first, second], Some(to)) = (from, to.get_mut(k)) {
                            *to += if last { *second } else { second - first };
                        }
                    });
                }
                Ok(sum)
            }
            Kind::MultiOutput => {
                let parts = parts().collect::<Result<Vec<Sum>>>()?;
                let mut sum = Sum::new(parts.iter().map(|part| part.scores.len()).sum());
                let mut at = 0;
                for part in &parts {
                    sum.add(part, &|from, to| to.iter_mut().skip(at).zip(from).for_each(|(to, from)| *to += from));
                    at += part.scores.len();
                }
                Ok(sum)
            }
            Kind::Layers(_) => Err(refused("the layers of a perceptron mix its features")),
            Kind::Trees(_) => Err(refused("trees ask for features, they do not add them up")),
            Kind::Distances(_) => Err(refused("a distance is no sum over the features of a text")),
            Kind::Vote(_) | Kind::OneVsOne(_) => Err(refused("votes are counted, not added up over features")),
        }
    }
}

impl crate::estimator::Linear {
    fn sum(&self, counted: Option<&Features>, row: &Row) -> Sum {
        let k = self.intercept.len();
        let pair = k == 1 && !self.each();
        let mut part = Sum { scores: self.intercept.clone(), ..Sum::default() };
        if let Some(weights) = self.weights(counted) {
            weights.sum(row, &mut part.scores);
            part.scores.iter_mut().zip(&self.intercept).for_each(|(s, b)| *s += b);
            #[cfg(feature = "broken")]
            crate::broken::scores(&mut part.scores);
            for (&i, &x) in row.indices.iter().zip(&row.values) {
                part.entries.push((ROW, i));
                part.weights.extend((0..k).map(|k| x * weights.weight(i, k)));
            }
        }
        if !pair {
            return part;
        }
        let mut sum = Sum { pair, ..Sum::new(2) };
        sum.add(&part, &|from, to| {
            if let ([s], [first, second]) = (from, to) {
                *first -= s;
                *second += s;
            }
        });
        sum
    }
}
