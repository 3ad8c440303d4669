//! A pipeline: where its row comes from, what becomes of it, and the head that answers for it.
//!
//! Pipelines stand in pipelines: as the branches of a union, as the members of a head. Each has its own row and answer,
//! used again from text to text, so that nothing is allocated for one.

use crate::config::{Reader, Targets, choose};
use crate::counter::Counter;
use crate::error::{Error, Result};
use crate::estimator::{Answer, Head, Kind, Shape};
use crate::features::{Plan, Row};
use crate::joined::Direct;
use crate::json::Json;
use crate::prelude::*;
use crate::say::int;
use crate::transform::{Transform, plan};
use crate::wide::Union;

/// More than any pipeline has.
const MAX_TRANSFORMS: usize = 64;
const MAX_DEPTH: usize = 8;

/// Where a row comes from.
pub enum Front {
    /// The text.
    Text {
        /// Its place among the vectorizers of the file.
        number: usize,
        /// What counts it.
        counter: Box<Counter>,
    },
    /// The rows of several pipelines side by side.
    Union(Union),
    /// The row of the pipeline around this one.
    Row,
}

/// See the module.
pub struct Pipeline {
    pub front: Front,
    pub transforms: Vec<Transform>,
    pub head: Option<Head>,
    /// How many features the row has at the end of the transforms.
    pub width: usize,
    row: Row,
    /// Where the transforms can be made in one go. With a linear head beside the counters that needs no row.
    plan: Option<Plan>,
    /// The last answer of the head.
    pub answer: Answer,
}

/// One text on its way.
pub struct Run<'t> {
    pub text: &'t str,
    /// Stored entries of the vectorizers' rows so far.
    pub known: u32,
    /// Whether somebody will look at the rows behind the answer.
    pub rows: bool,
}

impl Pipeline {
    /// Reads a list of stages. `input` is the width of the row around it, where there is one; `targets` asks for a head.
    pub fn read(
        reader: &Reader,
        stages: &[Json],
        input: Option<usize>,
        targets: Option<&Targets>,
        depth: usize,
    ) -> Result<Self> {
        if depth > MAX_DEPTH {
            return Err(Error::file(&["pipelines are nested deeper than ", &int(MAX_DEPTH)]));
        }
        let (stages, last) = match (stages.split_last(), targets) {
            (Some((last, stages)), Some(targets)) => (stages, Some((last, targets))),
            (None, Some(_)) => return Err(Error::file(&["a pipeline needs a head"])),
            (_, None) => (stages, None),
        };
        let (mut front, mut width, stages) = Self::front(reader, stages, input, depth)?;
        if stages.len() > MAX_TRANSFORMS {
            return Err(Error::file(&[
                &int(stages.len()),
                " stages between vectorizer and head; at most ",
                &int(MAX_TRANSFORMS),
                " are allowed",
            ]));
        }
        let mut transforms = Vec::with_capacity(stages.len());
        for stage in stages {
            let width = width.as_mut().ok_or_else(no_row)?;
            transforms.push(Transform::read(reader, stage, width, depth)?);
        }
        let mut head = match last {
            Some((stage, targets)) => Some(Head::read(reader, stage, width, targets, depth)?),
            None => None,
        };
        // A branch, which has no head, waits for what the union around it knows.
        if let Front::Text { counter, .. } = &mut front
            && head.is_some()
        {
            let straight = transforms.iter().all(Transform::keeps_features) && !counter.is_ordered();
            let coef = head.as_mut().filter(|_| straight).and_then(Head::take_coef).unwrap_or_default();
            place(reader, counter, &mut transforms, &coef)?;
        }
        if let (Front::Union(union), Some(head)) = (&mut front, &head) {
            union.place(reader, head.coef().filter(|_| transforms.is_empty()))?;
        }
        let width = width.unwrap_or(0);
        if let Some(head) = &mut head {
            head.finish(reader, width)?;
        }
        let answer = head.as_ref().map(|head| Answer::new(head.shape)).unwrap_or_default();
        let straight = head.as_ref().is_some_and(Head::is_beside_counters);
        let plan = match &mut front {
            Front::Text { counter, .. } if straight || counter.is_ordered() => plan(&transforms),
            _ => None,
        };
        if let (Some(plan), Front::Text { counter, .. }) = (plan, &mut front) {
            counter.prepare(plan, answer.scores.len());
        }
        Ok(Self { front, transforms, head, width, row: Row::default(), plan, answer })
    }

    /// The first stage, if it makes the row; the row's width, where there is one; the other stages.
    fn front<'j>(
        reader: &Reader,
        stages: &'j [Json],
        input: Option<usize>,
        depth: usize,
    ) -> Result<(Front, Option<usize>, &'j [Json])> {
        let [first, rest @ ..] = stages else { return Ok((Front::Row, input, stages)) };
        if input.is_some() && !begins_with_text(stages) {
            return Ok((Front::Row, input, stages));
        }
        if choose(first, "stage", &[("vectorize", false), ("union", true)])? {
            let union = Union::read(reader, first, None, depth)?;
            let width = union.width();
            return Ok((Front::Union(union), Some(width), rest));
        }
        let number = reader.vectorizers.get();
        let counter = Box::new(Counter::read(reader, first)?);
        let width = counter.vectorizer.n_features;
        Ok((Front::Text { number, counter }, Some(width), rest))
    }

    /// As a branch: puts idf and, if there are any, these coefficients (F × K) beside the counters.
    pub fn place(&mut self, reader: &Reader, coef: &[f64]) -> Result<()> {
        match &mut self.front {
            Front::Text { counter, .. } => place(reader, counter, &mut self.transforms, coef),
            Front::Union(union) => union.place(reader, None),
            Front::Row => Ok(()),
        }
    }

    /// As a branch: how its part of a linear head's sums is made without a row, where that is possible.
    pub fn share(&self) -> Option<(Plan, f64)> {
        let Front::Text { .. } = self.front else { return None };
        match self.transforms.split_last() {
            Some((Transform::Scale(factor), transforms)) => Some((plan(transforms)?, *factor)),
            _ => Some((plan(&self.transforms)?, 1.0)),
        }
    }

    /// K, P and L.
    pub fn shape(&self) -> Shape {
        self.head.as_ref().map(|head| head.shape).unwrap_or_default()
    }

    /// Whether its row is that of the pipeline around it.
    fn hands_on(&self) -> bool {
        matches!(self.front, Front::Row) && self.transforms.is_empty()
    }

    /// Makes the row of a text; `input` is the row of the pipeline around it.
    pub fn fill(&mut self, run: &mut Run, input: &Row) -> Result<()> {
        if self.hands_on() {
            return Ok(());
        }
        match &mut self.front {
            Front::Text { counter, .. } => {
                let plan = self.plan.filter(|_| counter.is_ordered());
                counter.fill(run.text, plan.unwrap_or_default(), &mut self.row)?;
                self.row.dense = false;
                run.known = run.known.saturating_add(self.row.indices.len() as u32);
                if plan.is_some() {
                    return Ok(());
                }
            }
            Front::Union(union) => union.fill(run, input, &mut self.row)?,
            Front::Row => self.row.clone_from(input),
        }
        for transform in &mut self.transforms {
            match (transform, &self.front) {
                (Transform::FeatureIdf, Front::Text { counter, .. }) => counter.scale(&mut self.row),
                (transform, _) => transform.apply(run, &mut self.row)?,
            }
        }
        #[cfg(feature = "broken")]
        crate::broken::features(&mut self.row.values);
        Ok(())
    }

    /// Whether it answers without a row, where nobody asks for one.
    pub fn is_direct(&self) -> bool {
        let straight = self.head.as_ref().is_some_and(Head::is_beside_counters);
        straight && self.plan.is_some() || matches!(&self.front, Front::Union(union) if union.is_direct())
    }

    /// The row that `fill` made.
    pub fn row<'r>(&'r self, input: &'r Row) -> &'r Row {
        if self.hands_on() { input } else { &self.row }
    }

    /// What it takes to answer without a row, where that is possible.
    #[inline(always)]
    pub fn direct(&mut self) -> Option<Direct<'_>> {
        match (self.plan, &mut self.front, self.head.as_ref().map(|head| &head.kind)) {
            (Some(plan), Front::Text { counter, .. }, Some(Kind::Linear(linear))) if !counter.is_ordered() => {
                Some(Direct { plan, counter, linear, answer: &mut self.answer })
            }
            _ => None,
        }
    }

    /// Answers for a text, into `answer`.
    pub fn answer(&mut self, run: &mut Run, input: &Row, probabilities: bool) -> Result<()> {
        if !run.rows
            && let Some(Direct { plan, counter, linear, answer }) = self.direct()
        {
            let Answer { scores, probabilities: all, labels } = answer;
            let known = counter.score(run.text, plan, scores)?;
            run.known = run.known.saturating_add(known as u32);
            return linear.conclude(scores, if probabilities { all } else { &mut [] }, labels);
        }
        if !run.rows
            && let (Front::Union(union), Some(Kind::Linear(linear))) =
                (&mut self.front, self.head.as_ref().map(|head| &head.kind))
            && union.is_direct()
        {
            let Answer { scores, probabilities: all, labels } = &mut self.answer;
            union.score(run, scores)?;
            return linear.conclude(scores, if probabilities { all } else { &mut [] }, labels);
        }
        self.fill(run, input)?;
        let hands_on = self.hands_on();
        let Self { front, head, row, answer, .. } = self;
        let counted = if let Front::Text { counter, .. } = front { Some(&counter.features) } else { None };
        let row = if hands_on { input } else { row };
        if let Some(head) = head {
            head.answer(run, counted, row, probabilities, answer)?;
        }
        answer.check()
    }

    /// Whether it answers faster for many texts together.
    pub fn gathers(&mut self) -> bool {
        self.head.as_mut().is_some_and(|head| head.batch().is_some())
    }

    /// Keeps the row of a text, to be answered together with others. Whether there is no room for more.
    pub fn keep(&mut self, run: &mut Run, input: &Row) -> Result<bool> {
        self.fill(run, input)?;
        let row = if self.hands_on() { input } else { &self.row };
        self.head.as_mut().and_then(Head::batch).map_or(Ok(true), |trees| trees.keep(row))
    }

    /// Answers for the texts that were kept, one after the other.
    pub fn release(&mut self, each: &mut dyn FnMut(&Answer) -> Result<()>) -> Result<()> {
        self.head.as_mut().and_then(Head::batch).map_or(Ok(()), |trees| trees.release(&mut self.answer, each))
    }

    /// The pipeline in whose list a vectorizer stands; `number` counts from this pipeline's first.
    pub fn with_vectorizer(&mut self, number: usize) -> Option<&mut Self> {
        if let Front::Text { number: own, .. } = self.front
            && own == number
        {
            return Some(self);
        }
        let branches = if let Front::Union(union) = &mut self.front { union.branches() } else { &mut [] };
        let members = self.head.as_mut().map(|head| head.members.as_mut_slice()).unwrap_or_default();
        branches.iter_mut().chain(members).find_map(|p| p.with_vectorizer(number))
    }
}

/// Puts the first idf and the coefficients (F × K, or none) beside the counters: what keeps the features' numbers may use
/// what stands there.
fn place(reader: &Reader, counter: &mut Counter, transforms: &mut [Transform], coef: &[f64]) -> Result<()> {
    let mut straight = transforms.iter_mut().take_while(|t| t.keeps_features());
    let first = straight.find(|t| matches!(t, Transform::Idf(_)));
    let idf = match first.map(|t| core::mem::replace(t, Transform::FeatureIdf)) {
        Some(Transform::Idf(idf)) => idf,
        _ => Vec::new(),
    };
    counter.place(reader, &idf, coef, coef.len() / counter.vectorizer.n_features)
}

/// A stage that works on a row stands where there is none.
pub fn no_row() -> Error {
    Error::file(&["no row of features: a pipeline must begin with 'vectorize' or 'union'"])
}

/// Whether the first stage makes a row from a text.
pub fn begins_with_text(stages: &[Json]) -> bool {
    let Some(first) = stages.first() else { return false };
    match first.str("stage") {
        Ok("vectorize") => true,
        Ok("union") => match first.array("branches") {
            Ok([Json::Array(branch), ..]) => begins_with_text(branch),
            _ => false,
        },
        _ => false,
    }
}
