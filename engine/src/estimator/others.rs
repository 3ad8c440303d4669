//! The heads that the linear edition has not.

use super::calibrated::{self, Calibrated};
use super::distances::{self, Distances};
use super::layers::{self, Layers};
use super::members::{self, Binary, Vote};
use super::trees;
pub use super::trees::Trees;
use super::{Answer, Context, Shape};
use crate::config::Targets;
use crate::error::{Error, Result};
use crate::features::Row;
use crate::pipeline::{Pipeline, Run};
use crate::prelude::*;

/// What such a head does.
pub enum Other {
    Layers(Layers),
    Distances(Distances),
    Trees(Trees),
    Calibrated(Calibrated),
    Vote(Vote),
    OneVsRest(Binary),
    OneVsOne(Binary),
    MultiOutput,
}

const NAMES: [&str; 10] = [
    "linear",
    "layers",
    "distances",
    "constant",
    "trees",
    "calibrated",
    "vote",
    "one_vs_rest",
    "one_vs_one",
    "multi_output",
];

/// Reads the head `name`, and its members.
pub fn read(name: &str, context: &Context, targets: &Targets, members: &mut Vec<Pipeline>) -> Result<(Other, Shape)> {
    if !NAMES.contains(&name) {
        let known = NAMES.join(", ");
        return Err(Error::unsupported(&["'stage' is '", name, "'; this engine knows ", &known]));
    }
    match (name, targets) {
        ("layers", _) => layers::read(context, targets),
        ("distances", &Targets::Single(classes)) => distances::read(context, classes),
        ("trees", Targets::Single(_)) => trees::read(context, targets),
        ("calibrated", &Targets::Single(classes)) => calibrated::read(context, classes, members),
        ("vote", &Targets::Single(classes)) => members::vote(context, classes, members),
        ("one_vs_rest", Targets::Single(_) | Targets::Multilabel(_)) => members::one_vs_rest(context, targets, members),
        ("one_vs_one", &Targets::Single(classes)) => members::one_vs_one(context, classes, members),
        ("multi_output", Targets::Multioutput(outputs)) => members::multi_output(context, outputs, members),
        _ => Err(Error::file(&["a head '", name, "' does not fit what the model is for"])),
    }
}

impl Other {
    /// Answers for a row, with the head's members.
    pub fn answer(
        &mut self,
        members: &mut [Pipeline],
        run: &mut Run,
        row: &Row,
        probabilities: bool,
        out: &mut Answer,
    ) -> Result<()> {
        match self {
            Self::Layers(layers) => layers.answer(row, out),
            Self::Distances(distances) => distances.answer(row, out),
            Self::Trees(trees) => return trees.answer(row, out),
            Self::Calibrated(calibrated) => return calibrated.answer(members, run, row, out),
            Self::Vote(vote) => return vote.answer(members, run, row, out),
            Self::OneVsRest(rest) => return rest.one_vs_rest(members, run, row, probabilities, out),
            Self::OneVsOne(pairs) => return pairs.one_vs_one(members, run, row, out),
            Self::MultiOutput => return members::each_output(members, run, row, probabilities, out),
        }
        Ok(())
    }

    /// Where it answers faster for many rows together: what keeps them.
    pub fn batch(&mut self) -> Option<&mut Trees> {
        if let Self::Trees(trees) = self { Some(trees) } else { None }
    }
}
