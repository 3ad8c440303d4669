//! `CalibratedClassifierCV`: what each member says of a class becomes a probability; then the mean over the members.

use super::link::{self, Label};
use super::others::Other;
use super::{Answer, Context, Shape};
use crate::config::{Reader, Targets, choose};
use crate::error::{Error, Result};
use crate::features::Row;
use crate::json::Json;
use crate::pipeline::{Pipeline, Run};
use crate::prelude::*;

enum Calibrator {
    /// σ(−(slope · v + offset))
    Sigmoid { slope: f64, offset: f64 },
    /// Linear between points; at least one.
    Isotonic { x: Vec<f64>, y: Vec<f64> },
}

struct Member {
    /// Whether the member's probabilities are calibrated, and not its scores.
    probability: bool,
    calibrators: Vec<Calibrator>,
}

/// See the module.
pub struct Calibrated {
    members: Vec<Member>,
    part: Vec<f64>,
}

pub fn read(context: &Context, classes: usize, pipelines: &mut Vec<Pipeline>) -> Result<(Other, Shape)> {
    let mut members = Vec::new();
    for json in context.members(None)? {
        let stages = json.get("pipeline").ok_or_else(|| Error::file(&["a calibrated member has no 'pipeline'"]))?;
        let pipeline = context.member(stages, &Targets::Single(classes))?;
        let probability = input(json)?;
        let columns = if classes == 2 { 1 } else { classes };
        let shape = pipeline.shape();
        if if probability { shape.probabilities != classes } else { shape.scores != columns } {
            return Err(Error::file(&["a calibrated member's scores or probabilities do not fit the classes"]));
        }
        members.push(Member { probability, calibrators: calibrators(context.reader, json, columns)? });
        pipelines.push(pipeline);
    }
    let head = Calibrated { members, part: vec![0.0; classes] };
    Ok((Other::Calibrated(head), Shape { scores: classes, probabilities: classes, labels: 1 }))
}

/// The key `input`: whether it is probabilities.
pub fn input(json: &Json) -> Result<bool> {
    choose(json, "input", &[("decision", false), ("probability", true)])
}

fn calibrators(reader: &Reader, json: &Json, columns: usize) -> Result<Vec<Calibrator>> {
    if !choose(json, "method", &[("sigmoid", false), ("isotonic", true)])? {
        let slope = reader.numbers(json, "slope", columns, None)?;
        let offset = reader.numbers(json, "offset", columns, None)?;
        return Ok(slope
            .into_iter()
            .zip(offset)
            .map(|(slope, offset)| Calibrator::Sigmoid { slope, offset })
            .collect());
    }
    let knots = reader.u32s(json, "knots", Some(columns + 1), None)?;
    let n = reader.file.rows(&Reader::name(json, "x")?)?;
    let (x, y) = (reader.numbers(json, "x", n, None)?, reader.numbers(json, "y", n, None)?);
    let wrong = || Error::file(&["the knots of an isotonic calibrator do not cut its points, or these do not ascend"]);
    if knots.first() != Some(&0) || knots.last().map(|&k| k as usize) != Some(n) {
        return Err(wrong());
    }
    let cut = |w: &[u32]| {
        let range = w[0] as usize..w[1] as usize;
        let (x, y) = (x.get(range.clone())?.to_vec(), y.get(range)?.to_vec());
        (!x.is_empty() && x.windows(2).all(|w| w[0] <= w[1])).then_some(Calibrator::Isotonic { x, y })
    };
    knots.windows(2).map(cut).collect::<Option<Vec<_>>>().ok_or_else(wrong)
}

impl Calibrator {
    fn run(&self, v: f64) -> f64 {
        match self {
            Self::Sigmoid { slope, offset } => link::sigmoid(-(slope * v + offset)),
            Self::Isotonic { x, y } => {
                // As numpy.interp between the points, and clipped to them.
                let at = x.partition_point(|x| *x <= v).saturating_sub(1);
                match (x.get(at..at + 2), y.get(at..at + 2)) {
                    (Some(&[x0, x1]), Some(&[y0, y1])) if v > x0 => (y1 - y0) / (x1 - x0) * (v - x0) + y0,
                    _ => y.get(at).copied().unwrap_or(0.0),
                }
            }
        }
    }
}

impl Calibrated {
    /// Probabilities, which are the scores as well.
    pub fn answer(&mut self, pipelines: &mut [Pipeline], run: &mut Run, row: &Row, out: &mut Answer) -> Result<()> {
        let Self { members, part } = self;
        out.scores.fill(0.0);
        for (pipeline, member) in pipelines.iter_mut().zip(members.iter()) {
            pipeline.answer(run, row, member.probability)?;
            let answer = &pipeline.answer;
            let values = if member.probability { answer.probabilities.as_slice() } else { &answer.scores };
            let calibrated = values.iter().rev().zip(member.calibrators.iter().rev()).map(|(v, c)| c.run(*v));
            // For two classes there is one calibrator, for class 1: the last value.
            part.iter_mut().rev().zip(calibrated).for_each(|(p, v)| *p = v);
            if member.calibrators.len() == 1 {
                link::pair(part.last().copied().unwrap_or(0.0), part);
            } else {
                link::divide(part, true);
            }
            // As the source forgives rounding.
            part.iter_mut().filter(|p| **p > 1.0 && **p <= 1.0 + 1e-5).for_each(|p| *p = 1.0);
            out.scores.iter_mut().zip(part.iter()).for_each(|(s, p)| *s += p);
        }
        out.scores.iter_mut().for_each(|s| *s /= members.len() as f64);
        out.probabilities.copy_from_slice(&out.scores);
        link::decide(Label::Argmax, &out.scores, 0.0, &mut out.labels);
        Ok(())
    }
}
