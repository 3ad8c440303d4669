//! The linear head. Sums are float64 from 0.0 in the order of the row, the intercept is added last.

use super::link::{self, Label, Link};
use super::{Answer, Context, Kind, Shape, finite};
use crate::config::{Reader, Targets, choose};
use crate::error::{Error, Result};
use crate::features::{Features, Row};
use crate::prelude::*;

/// See the module.
pub struct Linear {
    /// F × K, feature-major, until they have found their place.
    pub coef: Vec<f64>,
    /// Where they are; None: beside the counters of the pipeline's vectorizer.
    own: Option<Features>,
    /// K
    pub intercept: Vec<f64>,
    link: Link,
    label: Label,
}

pub fn read(context: &Context, targets: &Targets) -> Result<(Kind, Shape)> {
    choose(context.stage, "kind", &[("linear", ()), ("naive_bayes", ())])?;
    let outputs = context.outputs()?;
    let (link, label) = link::read(context.stage, outputs, targets)?;
    let coef = context.numbers("coef", context.width()?, Some(outputs))?;
    #[expect(clippy::cast_possible_truncation, reason = "rounding is what float32 asks for")]
    if context.reader.float32 && !coef.iter().all(|&w| (w as f32).is_finite()) {
        return Err(Error::file(&["tensor 'coef' holds a number beyond float32, which 'weights' asks for"]));
    }
    let intercept = context.numbers("intercept", outputs, None)?;
    let classes = if outputs == 1 && !matches!(targets, Targets::Multilabel(_)) { 2 } else { outputs };
    let shape = Shape {
        scores: outputs,
        probabilities: if link == Link::None { 0 } else { classes },
        labels: if label == Label::Each { outputs } else { 1 },
    };
    Ok((Kind::Linear(Box::new(Linear { coef, own: None, intercept, link, label })), shape))
}

impl Linear {
    /// Coefficients that no vectorizer took get a place of their own.
    pub fn finish(&mut self, reader: &Reader, width: usize) -> Result<()> {
        let coef = core::mem::take(&mut self.coef);
        if !coef.is_empty() {
            reader.file.spend(width)?;
            self.own = Some(Features::of_weights(width, &coef, self.intercept.len(), reader.float32)?);
        }
        Ok(())
    }

    /// Whether one score stands for two classes.
    pub fn is_pair(&self) -> bool {
        self.intercept.len() == 1 && self.label != Label::Each
    }

    /// Where the coefficients are.
    pub fn weights<'f>(&'f self, counted: Option<&'f Features>) -> Option<&'f Features> {
        self.own.as_ref().or(counted)
    }

    /// The scores of a row, whose every index is below F.
    #[inline(always)]
    pub fn scores(&self, weights: &Features, row: &Row, out: &mut [f64]) {
        weights.sum(row, out);
        self.add_intercept(out);
    }

    #[inline(always)]
    fn add_intercept(&self, out: &mut [f64]) {
        out.iter_mut().zip(&self.intercept).for_each(|(s, b)| *s += b);
        #[cfg(feature = "broken")]
        crate::broken::scores(out);
    }

    /// Scores, and what follows from them.
    pub fn answer(&self, counted: Option<&Features>, row: &Row, probabilities: bool, out: &mut Answer) -> Result<()> {
        if let Some(weights) = self.weights(counted) {
            weights.sum(row, &mut out.scores);
        }
        let Answer { scores, probabilities: all, labels } = out;
        self.conclude(scores, if probabilities { all } else { &mut [] }, labels)
    }

    /// From the sums in `scores` to all the rest; what is empty nobody asked for.
    #[inline(never)]
    pub fn conclude(&self, scores: &mut [f64], probabilities: &mut [f64], labels: &mut [u32]) -> Result<()> {
        self.add_intercept(scores);
        link::decide(self.label, scores, 0.0, labels);
        if !probabilities.is_empty() {
            link::probabilities(self.link, scores, probabilities);
        }
        finite(scores)
    }
}
