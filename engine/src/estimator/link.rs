//! From scores to probabilities, and from either to labels. exp has libm's bits, the same on every host.

use crate::config::{Targets, choose};
use crate::error::{Error, Result};
use crate::exp::exp;
use crate::json::Json;
use crate::say::int;

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
    /// σ of each, divided by their sum; a row of zeros becomes equal shares.
    Ovr,
    /// The same, but a row of zeros stays.
    OvrZeros,
    /// (clip(s, −1, 1) + 1) / 2, divided by their sum.
    ModifiedHuber,
    /// σ of each.
    Each,
}

/// From scores, or probabilities, to labels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Label {
    /// Class 1 above the threshold.
    Sign,
    /// Class 1 at the threshold, too.
    SignOrZero,
    /// The first of the largest.
    Argmax,
    /// The last of the largest.
    ArgmaxLast,
    /// 1 for each that is above the threshold.
    Each,
}

/// The keys `link` and `label` of a stage with K scores, which must fit each other and what the model is for.
pub fn read(stage: &Json, outputs: usize, targets: &Targets) -> Result<(Link, Label)> {
    let links = [
        ("none", Link::None),
        ("logistic", Link::Logistic),
        ("softmax", Link::Softmax),
        ("softmax_pair", Link::SoftmaxPair),
        ("ovr", Link::Ovr),
        ("ovr_zeros", Link::OvrZeros),
        ("modified_huber", Link::ModifiedHuber),
        ("each", Link::Each),
    ];
    let (link, label) = (choose(stage, "link", &links)?, label(stage)?);
    let (outputs_fit, single, each) = match *targets {
        Targets::Single(classes) => (outputs == classes || outputs == 1 && classes == 2, outputs == 1, false),
        Targets::Multilabel(classes) => (outputs == classes, false, true),
        Targets::Multioutput(_) => (false, false, false),
    };
    if !outputs_fit || outputs == 0 {
        return Err(Error::file(&[&int(outputs), " outputs do not fit the classes"]));
    }
    let link_fits = match link {
        Link::None => true,
        Link::Each => each,
        Link::ModifiedHuber => !each,
        Link::Logistic | Link::SoftmaxPair => single,
        Link::Softmax | Link::Ovr | Link::OvrZeros => !single && !each,
    };
    let label_fits = match label {
        Label::Sign | Label::SignOrZero => single,
        Label::Argmax | Label::ArgmaxLast => !single && !each,
        Label::Each => each,
    };
    if link_fits && label_fits {
        Ok((link, label))
    } else {
        Err(Error::file(&["label rule or link do not fit ", &int(outputs), " outputs or what the model is for"]))
    }
}

/// The key `label` of a stage.
pub fn label(stage: &Json) -> Result<Label> {
    let labels = [
        ("sign", Label::Sign),
        ("sign_or_zero", Label::SignOrZero),
        ("argmax", Label::Argmax),
        ("argmax_last", Label::ArgmaxLast),
        ("each", Label::Each),
    ];
    choose(stage, "label", &labels)
}

/// Writes the labels of scores or probabilities. For one class or the other the last of `values` speaks.
pub fn decide(label: Label, values: &[f64], threshold: f64, out: &mut [u32]) {
    let last = values.last().copied().unwrap_or(0.0);
    let one = match label {
        Label::Sign => u32::from(last > threshold),
        Label::SignOrZero => u32::from(last >= threshold),
        Label::Argmax => best(values, |a, b| a > b),
        Label::ArgmaxLast => best(values, |a, b| a >= b),
        Label::Each => {
            out.iter_mut().zip(values).for_each(|(label, v)| *label = u32::from(*v > threshold));
            return;
        }
    };
    out.fill(one);
}

#[inline(always)]
fn best(values: &[f64], better: fn(f64, f64) -> bool) -> u32 {
    let mut best = (0, f64::NEG_INFINITY);
    for (k, &v) in (0..).zip(values) {
        if better(v, best.1) {
            best = (k, v);
        }
    }
    best.0
}

/// Writes the probabilities of K scores; leaves `out` alone where the link is none.
pub fn probabilities(link: Link, scores: &[f64], out: &mut [f64]) {
    match (link, scores) {
        (Link::None, _) => {}
        (Link::Logistic, [s]) => pair(sigmoid(*s), out),
        (Link::SoftmaxPair, [s]) => softmax(&[-s, *s], out),
        (Link::ModifiedHuber, [s]) => pair(huber(*s), out),
        (Link::ModifiedHuber, _) => {
            out.iter_mut().zip(scores).for_each(|(p, &s)| *p = huber(s));
            divide(out, true);
        }
        (Link::Ovr | Link::OvrZeros, _) => {
            sigmoids(scores, out);
            divide(out, link == Link::Ovr);
        }
        (Link::Each, _) => sigmoids(scores, out),
        (Link::Logistic | Link::SoftmaxPair | Link::Softmax, _) => softmax(scores, out),
    }
}

/// As scipy's expit: 0 where exp overflows.
fn sigmoids(scores: &[f64], out: &mut [f64]) {
    out.iter_mut().zip(scores).for_each(|(p, &s)| *p = -s);
    exp(out);
    out.iter_mut().for_each(|p| *p = 1.0 / (1.0 + *p));
}

/// The same of one score.
pub fn sigmoid(s: f64) -> f64 {
    let mut p = [0.0];
    sigmoids(&[s], &mut p);
    p[0]
}

fn huber(s: f64) -> f64 {
    f64::midpoint(s.clamp(-1.0, 1.0), 1.0)
}

/// \[1 − p, p\]
pub fn pair(p: f64, out: &mut [f64]) {
    if let [first, second] = out {
        *first = 1.0 - p;
        *second = p;
    }
}

/// Divides by the sum. All zero: every class gets the same share, or they stay.
pub fn divide(out: &mut [f64], even: bool) {
    let total = out.iter().fold(0.0, |sum, p| sum + p);
    if total == 0.0 {
        if even {
            out.fill(1.0 / out.len() as f64);
        }
    } else {
        out.iter_mut().for_each(|p| *p /= total);
    }
}

fn softmax(scores: &[f64], out: &mut [f64]) {
    let max = scores.iter().fold(f64::NEG_INFINITY, |m, &s| m.max(s));
    out.iter_mut().zip(scores).for_each(|(p, &s)| *p = s - max);
    exp(out);
    let total = out.iter().fold(0.0, |sum, p| sum + p);
    out.iter_mut().for_each(|p| *p /= total);
}
