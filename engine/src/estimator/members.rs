//! Heads that ask several pipelines: votes, one class against the rest, one against one, several outputs.

use super::calibrated::input;
use super::link::{self, Label};
use super::others::Other;
use super::{Answer, Context, Kind, Shape};
use crate::config::{MAX_CLASSES, Reader, Targets, choose};
use crate::error::{Error, Result};
use crate::features::Row;
use crate::pipeline::{Pipeline, Run};
use crate::prelude::*;
use crate::say::int;

/// `VotingClassifier`.
pub struct Vote {
    pub soft: bool,
    /// One a member.
    pub weights: Vec<f64>,
    pub total: f64,
}

/// Heads of members with two classes each.
pub struct Binary {
    /// Whether the members' probabilities are compared, and not their scores.
    probability: bool,
    label: Label,
    divide: bool,
    values: Vec<f64>,
    sums: Vec<f64>,
}

pub fn vote(context: &Context, classes: usize, members: &mut Vec<Pipeline>) -> Result<(Other, Shape)> {
    let soft = choose(context.stage, "voting", &[("soft", true), ("hard", false)])?;
    for json in context.members(None)? {
        let member = context.member(json, &Targets::Single(classes))?;
        if soft && member.shape().probabilities != classes {
            return Err(Error::file(&["a member of a soft vote has no probabilities"]));
        }
        members.push(member);
    }
    let weights = if context.reader.file.has(&Reader::name(context.stage, "weights")?) {
        context.numbers("weights", members.len(), None)?
    } else {
        vec![1.0; members.len()]
    };
    let total = weights.iter().fold(0.0, |sum, w| sum + w);
    if soft && total == 0.0 {
        return Err(Error::file(&["the weights of a soft vote add up to 0"]));
    }
    let shape = Shape { scores: classes, probabilities: if soft { classes } else { 0 }, labels: 1 };
    Ok((Other::Vote(Vote { soft, weights, total }), shape))
}

impl Vote {
    pub fn answer(&self, members: &mut [Pipeline], run: &mut Run, row: &Row, out: &mut Answer) -> Result<()> {
        out.scores.fill(0.0);
        for (member, weight) in members.iter_mut().zip(&self.weights) {
            member.answer(run, row, self.soft)?;
            let answer = &member.answer;
            if self.soft {
                out.scores.iter_mut().zip(&answer.probabilities).for_each(|(s, p)| *s += p * weight);
            } else {
                let label = answer.labels.first().map_or(0, |&label| label as usize);
                out.scores.iter_mut().skip(label).take(1).for_each(|s| *s += weight);
            }
        }
        if self.soft {
            out.scores.iter_mut().for_each(|s| *s /= self.total);
            out.probabilities.copy_from_slice(&out.scores);
        }
        link::decide(Label::Argmax, &out.scores, 0.0, &mut out.labels);
        Ok(())
    }
}

/// The members of a head that has `count` of them, each with two classes, and whether all have probabilities.
fn binary(context: &Context, count: usize, members: &mut Vec<Pipeline>, probability: bool) -> Result<bool> {
    for json in context.members(Some(count))? {
        let member = context.member(json, &Targets::Single(2))?;
        if probability && member.shape().probabilities == 0 {
            return Err(Error::file(&["a member has no probabilities, which 'input' asks for"]));
        }
        let constant = matches!(member.head.as_ref().map(|head| &head.kind), Some(Kind::Constant(_)));
        if !probability && member.shape().scores != 1 && !constant {
            return Err(Error::file(&["a member has two scores: 'input' decision needs one"]));
        }
        members.push(member);
    }
    Ok(members.iter().all(|member| member.shape().probabilities == 2))
}

pub fn one_vs_rest(context: &Context, targets: &Targets, members: &mut Vec<Pipeline>) -> Result<(Other, Shape)> {
    let (probability, label) = (input(context.stage)?, link::label(context.stage)?);
    let divide = context.stage.bool("divide")?;
    let (classes, count, fits) = match *targets {
        Targets::Single(2) => (2, 1, label == Label::Sign),
        Targets::Single(classes) => (classes, classes, matches!(label, Label::Argmax | Label::ArgmaxLast)),
        Targets::Multilabel(classes) => (classes, classes, label == Label::Each),
        Targets::Multioutput(_) => (0, 0, false),
    };
    if !fits {
        return Err(Error::file(&["the label rule of 'one_vs_rest' does not fit the classes"]));
    }
    let probabilities = if binary(context, count, members, probability)? { classes } else { 0 };
    let shape = Shape {
        scores: if probability { classes } else { count },
        probabilities,
        labels: if label == Label::Each { classes } else { 1 },
    };
    let head = Binary { probability, label, divide, values: vec![0.0; count], sums: Vec::new() };
    Ok((Other::OneVsRest(head), shape))
}

pub fn one_vs_one(context: &Context, classes: usize, members: &mut Vec<Pipeline>) -> Result<(Other, Shape)> {
    let probability = input(context.stage)?;
    binary(context, classes * (classes - 1) / 2, members, probability)?;
    let scores = if classes == 2 { 1 } else { classes };
    let label = if classes == 2 { Label::Sign } else { Label::Argmax };
    let head = Binary { probability, label, divide: false, values: vec![0.0; classes], sums: vec![0.0; classes] };
    Ok((Other::OneVsOne(head), Shape { scores, probabilities: 0, labels: 1 }))
}

impl Binary {
    /// One member for two classes.
    pub fn is_single(&self) -> bool {
        self.label == Label::Sign
    }

    /// What stands between the two classes.
    fn threshold(&self) -> f64 {
        if self.probability { 0.5 } else { 0.0 }
    }

    /// How sure a member is of its class 1.
    fn confidence(&self, answer: &Answer) -> f64 {
        let values = if self.probability { &answer.probabilities } else { &answer.scores };
        values.last().copied().unwrap_or(0.0)
    }

    pub fn one_vs_rest(
        &mut self,
        members: &mut [Pipeline],
        run: &mut Run,
        row: &Row,
        probabilities: bool,
        out: &mut Answer,
    ) -> Result<()> {
        let probabilities = (probabilities || self.probability) && !out.probabilities.is_empty();
        let one = self.is_single();
        for (k, member) in members.iter_mut().enumerate() {
            member.answer(run, row, probabilities)?;
            self.values[k] = self.confidence(&member.answer);
            if probabilities {
                let p = member.answer.probabilities.last().copied().unwrap_or(0.0);
                if one { link::pair(p, &mut out.probabilities) } else { out.probabilities[k] = p }
            }
        }
        link::decide(self.label, &self.values, self.threshold(), &mut out.labels);
        if probabilities && self.divide {
            link::divide(&mut out.probabilities, false);
        }
        out.scores.copy_from_slice(if self.probability { &out.probabilities } else { &self.values });
        Ok(())
    }

    pub fn one_vs_one(&mut self, members: &mut [Pipeline], run: &mut Run, row: &Row, out: &mut Answer) -> Result<()> {
        self.values.fill(0.0);
        self.sums.fill(0.0);
        let classes = self.values.len();
        let pairs = (0..classes).flat_map(|i| (i + 1..classes).map(move |j| (i, j)));
        for (member, (i, j)) in members.iter_mut().zip(pairs) {
            member.answer(run, row, self.probability)?;
            let confidence = self.confidence(&member.answer);
            self.sums[i] -= confidence;
            self.sums[j] += confidence;
            self.values[if member.answer.labels.first() == Some(&1) { j } else { i }] += 1.0;
        }
        let votes = self.values.iter().zip(&self.sums);
        let scores = votes.map(|(votes, s)| votes + s / (3.0 * (s.abs() + 1.0)));
        // Of two classes only the second.
        out.scores.iter_mut().rev().zip(scores.rev()).for_each(|(out, score)| *out = score);
        link::decide(self.label, &out.scores, self.threshold(), &mut out.labels);
        Ok(())
    }
}

pub fn multi_output(context: &Context, outputs: &[usize], members: &mut Vec<Pipeline>) -> Result<(Other, Shape)> {
    let mut shape = Shape::default();
    for (json, &classes) in context.members(Some(outputs.len()))?.iter().zip(outputs) {
        let member = context.member(json, &Targets::Single(classes))?;
        let Shape { scores, probabilities, labels } = member.shape();
        shape.scores += scores;
        shape.probabilities += probabilities;
        shape.labels += labels;
        members.push(member);
    }
    if members.iter().any(|member| member.shape().probabilities == 0) {
        shape.probabilities = 0;
    }
    if shape.scores > MAX_CLASSES {
        return Err(Error::file(&["more than ", &int(MAX_CLASSES), " scores"]));
    }
    Ok((Other::MultiOutput, shape))
}

/// Scores, probabilities and labels of the members, one after the other.
pub fn each_output(
    members: &mut [Pipeline],
    run: &mut Run,
    row: &Row,
    probabilities: bool,
    out: &mut Answer,
) -> Result<()> {
    let probabilities = probabilities && !out.probabilities.is_empty();
    let (mut k, mut p, mut l) = (0, 0, 0);
    for member in members {
        member.answer(run, row, probabilities)?;
        let answer = &member.answer;
        put(&mut out.scores, &mut k, &answer.scores);
        put(&mut out.labels, &mut l, &answer.labels);
        if probabilities {
            put(&mut out.probabilities, &mut p, &answer.probabilities);
        }
    }
    Ok(())
}

fn put<T: Copy>(out: &mut [T], at: &mut usize, values: &[T]) {
    out.iter_mut().skip(*at).zip(values).for_each(|(out, v)| *out = *v);
    *at += values.len();
}
