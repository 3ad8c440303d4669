//! Nearest centroids.

use super::link::{self, Label, Link};
use super::others::Other;
use super::{Answer, Context, Shape};
use crate::config::choose;
use crate::dense::Matrix;
use crate::error::{Error, Result};
use crate::features::Row;
use crate::prelude::*;
use crate::say::int;

/// Centroids, and where the row is divided by something before it is compared with them.
struct Place {
    /// Feature-major.
    centroids: Matrix,
    /// c · c
    squares: Vec<f64>,
    /// Of every feature; empty: 1.
    deviations: Vec<f64>,
}

/// See the module.
pub struct Distances {
    manhattan: bool,
    plain: Place,
    /// With what is added to each score.
    scaled: Option<(Place, Vec<f64>)>,
    nearest: bool,
    link: Link,
    row: Row,
    distances: Vec<f64>,
    probabilities: Vec<f64>,
}

pub fn read(context: &Context, classes: usize) -> Result<(Other, Shape)> {
    let stage = context.stage;
    let manhattan = choose(stage, "metric", &[("euclidean", false), ("manhattan", true)])?;
    let nearest = choose(stage, "label", &[("nearest", true), ("argmax", false)])?;
    let link = choose(stage, "link", &[("none", Link::None), ("softmax", Link::Softmax)])?;
    let outputs = context.outputs()?;
    if outputs != classes && !(outputs == 1 && classes == 2) {
        return Err(Error::file(&[&int(outputs), " outputs do not fit the classes"]));
    }
    if context.reader.float32 {
        return Err(Error::file(&["'distances' adds up in ascending order: 'weights' must be float64"]));
    }
    let plain = Place::new(context.numbers("centroids", context.width()?, Some(classes))?, classes, Vec::new());
    let name = crate::config::Reader::name(stage, "deviations")?;
    let scaled = if context.reader.file.has(&name) && !manhattan {
        let mut deviations = context.numbers("deviations", context.width()?, None)?;
        deviations.iter_mut().filter(|d| **d == 0.0).for_each(|d| *d = 1.0);
        let mut centroids = context.numbers("centroids", deviations.len(), Some(classes))?;
        for (row, d) in centroids.chunks_exact_mut(classes).zip(&deviations) {
            row.iter_mut().for_each(|c| *c /= d);
        }
        let place = Place::new(centroids, classes, deviations);
        Some((place, context.numbers("constants", classes, None)?))
    } else {
        None
    };
    let probabilities = if link == Link::None { 0 } else { classes };
    let head = Distances {
        manhattan,
        plain,
        scaled,
        nearest,
        link,
        row: Row::default(),
        distances: vec![0.0; classes],
        probabilities: vec![0.0; classes],
    };
    Ok((Other::Distances(head), Shape { scores: outputs, probabilities, labels: 1 }))
}

impl Place {
    fn new(centroids: Vec<f64>, classes: usize, deviations: Vec<f64>) -> Self {
        let mut squares = vec![0.0; classes];
        for row in centroids.chunks_exact(classes) {
            squares.iter_mut().zip(row).for_each(|(sum, c)| *sum += c * c);
        }
        Self { centroids: Matrix::new(centroids, classes), squares, deviations }
    }

    /// √max(0, (−2 x·c + x·x) + c·c)
    fn euclidean(&self, row: &Row, out: &mut [f64]) {
        self.centroids.multiply(row, out);
        let square = row.values.iter().fold(0.0, |sum, x| sum + x * x);
        for (d, c) in out.iter_mut().zip(&self.squares) {
            *d = libm::sqrt(((-2.0 * *d + square) + c).max(0.0));
        }
    }

    /// Σ |x − c|, ascending.
    fn manhattan(&self, row: &Row, out: &mut [f64]) {
        out.fill(0.0);
        let mut entries = row.indices.iter().zip(&row.values).peekable();
        for (i, centroids) in (0..).zip(self.centroids.rows()) {
            let x = entries.next_if(|(at, _)| **at == i).map_or(0.0, |(_, x)| *x);
            // Where x and c are 0, this adds 0.
            out.iter_mut().zip(centroids).for_each(|(d, c)| *d += (x - c).abs());
        }
    }
}

impl Distances {
    /// The answer for a row.
    pub fn answer(&mut self, row: &Row, out: &mut Answer) {
        let Self { distances, probabilities, .. } = self;
        let first = |values: &[f64], out: &mut Answer| link::decide(Label::Argmax, values, 0.0, &mut out.labels);
        if self.manhattan {
            self.plain.manhattan(row, distances)
        } else {
            self.plain.euclidean(row, distances)
        }
        if self.nearest {
            distances.iter_mut().for_each(|d| *d = -*d);
            first(distances, out);
            distances.iter_mut().for_each(|d| *d = -*d);
        }
        if let Some((place, _)) = &self.scaled {
            self.row.clone_from(row);
            let entries = self.row.indices.iter().zip(&mut self.row.values);
            entries.for_each(|(&i, x)| *x /= place.deviations[i as usize]);
            place.euclidean(&self.row, distances);
        }
        for (k, d) in distances.iter_mut().enumerate() {
            let constant = self.scaled.as_ref().and_then(|(_, constants)| constants.get(k)).unwrap_or(&0.0);
            *d = -if self.manhattan { *d } else { *d * *d } + constant;
        }
        if !self.nearest {
            first(distances, out);
        }
        link::probabilities(self.link, distances, probabilities);
        // None, where the link is none.
        out.probabilities.iter_mut().zip(probabilities.iter()).for_each(|(out, p)| *out = *p);
        match (out.scores.as_mut_slice(), distances.as_slice()) {
            ([s], [a, b]) => *s = b - a,
            (scores, all) => scores.copy_from_slice(all),
        }
    }
}
