//! The linear head: decision scores, labels and probabilities. Sums are float64 from 0.0 in the order of the row,
//! the intercept is added last; exp is libm's, the same on every host.

use crate::config::HeadConfig;
use crate::features::{Features, Row};
use crate::prelude::*;

/// From scores to probabilities.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// No probabilities.
    None,
    /// \[1 − σ(s), σ(s)\]
    Logistic,
    /// Of all scores.
    Softmax,
    /// Of −s and s.
    SoftmaxPair,
    /// σ of each, divided by their sum.
    Ovr,
    /// (clip(s, −1, 1) + 1) / 2, divided by their sum.
    ModifiedHuber,
}

/// Scores a row of features.
#[derive(Debug)]
pub struct Head {
    /// Shapes and link.
    pub config: HeadConfig,
    /// K.
    pub intercept: Vec<f64>,
}

impl Head {
    /// Writes the K decision scores of a row; every index is below F.
    pub fn scores(&self, features: &Features, row: &Row, out: &mut [f64]) {
        features.sum(row, out);
        self.add_intercept(out);
        #[cfg(feature = "broken")]
        crate::broken::scores(out);
    }

    /// The last step of the K decision scores.
    #[inline(always)]
    pub fn add_intercept(&self, out: &mut [f64]) {
        out.iter_mut().zip(&self.intercept).for_each(|(s, b)| *s += b);
    }

    /// The label of K scores: class 1 for a positive score, or the first of the largest.
    pub fn label(scores: &[f64]) -> u32 {
        if let [s] = scores {
            return u32::from(*s > 0.0);
        }
        let mut best = (0, f64::NEG_INFINITY);
        for (k, &s) in (0..).zip(scores) {
            if s > best.1 {
                best = (k, s);
            }
        }
        best.0
    }

    /// Writes the C probabilities of K scores; leaves `out` alone where the link is none.
    pub fn probabilities(&self, scores: &[f64], out: &mut [f64]) {
        match (self.config.link, scores) {
            (Link::None, _) => {}
            (Link::Logistic, [s]) => pair(sigmoid(*s), out),
            (Link::SoftmaxPair, [s]) => softmax(&[-s, *s], out),
            (Link::ModifiedHuber, [s]) => pair(huber(*s), out),
            (Link::Ovr, _) => share(scores, sigmoid, out),
            (Link::ModifiedHuber, _) => share(scores, huber, out),
            (Link::Logistic | Link::SoftmaxPair | Link::Softmax, _) => softmax(scores, out),
        }
    }
}

/// As scipy's expit: 0 where exp overflows.
fn sigmoid(s: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-s))
}

fn huber(s: f64) -> f64 {
    f64::midpoint(s.clamp(-1.0, 1.0), 1.0)
}

fn pair(p: f64, out: &mut [f64]) {
    if let [first, second] = out {
        *first = 1.0 - p;
        *second = p;
    }
}

fn share(scores: &[f64], of: fn(f64) -> f64, out: &mut [f64]) {
    let mut total = 0.0;
    for (p, &s) in out.iter_mut().zip(scores) {
        *p = of(s);
        total += *p;
    }
    // All zero: scikit-learn gives every class the same share.
    let even = 1.0 / scores.len() as f64;
    out.iter_mut().for_each(|p| *p = if total == 0.0 { even } else { *p / total });
}

fn softmax(scores: &[f64], out: &mut [f64]) {
    let max = scores.iter().fold(f64::NEG_INFINITY, |m, &s| m.max(s));
    let mut total = 0.0;
    for (p, &s) in out.iter_mut().zip(scores) {
        *p = libm::exp(s - max);
        total += *p;
    }
    out.iter_mut().for_each(|p| *p /= total);
}
