//! A multilayer perceptron. The first layer adds up the rows of the few features that a text has; the others are small.

use super::link::{self, Label, Link};
use super::others::Other;
use super::{Answer, Context, Shape};
use crate::config::{Reader, Targets, choose};
use crate::dense::Matrix;
use crate::error::{Error, Result};
use crate::features::Row;
use crate::json::Json;
use crate::prelude::*;
use crate::say::{concat, int};

const MAX_LAYERS: usize = 256;
const MAX_WIDTH: usize = 1 << 16;

/// Between layers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Activation {
    Identity,
    Logistic,
    Tanh,
    Relu,
}

struct Layer {
    coef: Matrix,
    intercept: Vec<f64>,
    /// What it gives: a dense row.
    out: Row,
}

/// See the module.
pub struct Layers {
    activation: Activation,
    link: Link,
    label: Label,
    layers: Vec<Layer>,
}

pub fn read(context: &Context, targets: &Targets) -> Result<(Other, Shape)> {
    let stage = context.stage;
    let activations = [
        ("identity", Activation::Identity),
        ("logistic", Activation::Logistic),
        ("tanh", Activation::Tanh),
        ("relu", Activation::Relu),
    ];
    let activation = choose(stage, "activation", &activations)?;
    let link =
        choose(stage, "link", &[("logistic", Link::Logistic), ("softmax", Link::Softmax), ("each", Link::Each)])?;
    let sizes = stage.array("sizes")?.iter().map(|n| n.as_int(MAX_WIDTH).filter(|&n| n > 0));
    let sizes = sizes.collect::<Option<Vec<usize>>>().filter(|s| (1..=MAX_LAYERS).contains(&s.len()));
    let sizes = sizes.ok_or_else(|| {
        Error::file(&["'sizes' must be 1 to ", &int(MAX_LAYERS), " numbers, each 1 to ", &int(MAX_WIDTH)])
    })?;
    let last = sizes.last().copied().unwrap_or(0);
    let (fits, classes, label) = match (link, targets) {
        (Link::Logistic, Targets::Single(2)) => (last == 1, 2, Label::Sign),
        (Link::Softmax, &Targets::Single(classes)) => (last == classes, classes, Label::Argmax),
        (Link::Each, &Targets::Multilabel(classes)) => (last == classes, classes, Label::Each),
        _ => (false, 0, Label::Sign),
    };
    if !fits {
        return Err(Error::file(&[&int(last), " outputs of the last layer and the link do not fit the classes"]));
    }
    let mut layers = Vec::with_capacity(sizes.len());
    let mut inputs = context.width()?;
    for (n, size) in sizes.into_iter().enumerate() {
        layers.push(layer(context.reader, stage, n, inputs, size)?);
        inputs = size;
    }
    let labels = if label == Label::Each { classes } else { 1 };
    let shape = Shape { scores: classes, probabilities: classes, labels };
    Ok((Other::Layers(Layers { activation, link, label, layers }), shape))
}

fn layer(reader: &Reader, stage: &Json, n: usize, inputs: usize, outputs: usize) -> Result<Layer> {
    let coef = reader.numbers(stage, &concat(&["layer.", &int(n), ".coef"]), inputs, Some(outputs))?;
    let intercept = reader.numbers(stage, &concat(&["layer.", &int(n), ".intercept"]), outputs, None)?;
    let out = Row { indices: (0..outputs as u32).collect(), values: vec![0.0; outputs], dense: true };
    Ok(Layer { coef: Matrix::new(coef, outputs), intercept, out })
}

impl Layers {
    /// Probabilities, which are the scores as well.
    pub fn answer(&mut self, row: &Row, out: &mut Answer) {
        let Some((last, hidden)) = self.layers.split_last_mut() else { return };
        let mut row = row;
        for layer in hidden {
            layer.run(row);
            match self.activation {
                Activation::Identity => {}
                Activation::Logistic => layer.each(link::sigmoid),
                Activation::Tanh => layer.each(libm::tanh),
                // What is not a number stays so.
                Activation::Relu => layer.each(|v| if v < 0.0 { 0.0 } else { v }),
            }
            row = &layer.out;
        }
        last.run(row);
        link::probabilities(self.link, &last.out.values, &mut out.probabilities);
        out.scores.copy_from_slice(&out.probabilities);
        // Of one class or the other the last value is class 1's.
        link::decide(self.label, &out.probabilities, 0.5, &mut out.labels);
    }
}

impl Layer {
    fn run(&mut self, row: &Row) {
        self.coef.multiply(row, &mut self.out.values);
        self.out.values.iter_mut().zip(&self.intercept).for_each(|(v, b)| *v += b);
    }

    fn each(&mut self, f: fn(f64) -> f64) {
        self.out.values.iter_mut().for_each(|v| *v = f(*v));
    }
}
