//! Unions, heads with members and the other stages beyond the plain ones: as plain values, as a file, as naive answers.

pub mod calibrated;
pub mod combined;
pub mod distances;
pub mod file;
pub mod heads;
pub mod labels;
pub mod random;
pub mod rows;
pub mod transforms;
pub mod trees;
pub mod votes;

use super::spec::{Spec, Step};
use trees::Trees;

/// Stages, of which the last may be a head.
pub type Pipe = Vec<Stage>;
/// Rows of one length.
pub type Matrix = Vec<Vec<f64>>;

#[derive(Clone, Debug)]
pub enum Stage {
    /// The vectorizer of a plain model with what follows it; not its head.
    Vectorize(Box<Spec>),
    Union(Vec<Pipe>),
    Step(Step),
    /// Whether each feature stays.
    Select(Vec<bool>),
    /// One for all, or one a feature.
    Scale(Vec<f64>),
    Binarize(f64),
    /// F rows.
    Svd(Matrix),
    /// `coef`: F rows of K.
    Linear {
        kind: &'static str,
        coef: Matrix,
        intercept: Vec<f64>,
        link: &'static str,
        label: &'static str,
    },
    /// Coefficients (a row an input) and intercepts of each layer.
    Layers {
        activation: &'static str,
        link: &'static str,
        layers: Vec<(Matrix, Vec<f64>)>,
    },
    /// `centroids`: F rows of C. `scaled`: deviations and constants.
    Distances {
        manhattan: bool,
        label: &'static str,
        link: &'static str,
        outputs: usize,
        centroids: Matrix,
        scaled: Option<(Vec<f64>, Vec<f64>)>,
    },
    Constant {
        probabilities: Vec<f64>,
        labels: Vec<u32>,
    },
    Calibrated(Vec<Calibrated>),
    Vote {
        soft: bool,
        weights: Option<Vec<f64>>,
        members: Vec<Pipe>,
    },
    OneVsRest {
        members: Vec<Pipe>,
        probability: bool,
        label: &'static str,
        divide: bool,
    },
    OneVsOne {
        members: Vec<Pipe>,
        probability: bool,
    },
    MultiOutput(Vec<Pipe>),
    Trees(Trees),
}

#[derive(Clone, Debug)]
pub struct Calibrated {
    pub pipe: Pipe,
    pub probability: bool,
    /// One for two classes, else one a class.
    pub calibrators: Calibrators,
}

#[derive(Clone, Debug)]
pub enum Calibrators {
    /// Slope and offset.
    Sigmoid(Vec<(f64, f64)>),
    /// The points of each, x ascending.
    Isotonic(Vec<Vec<(f64, f64)>>),
}

#[derive(Clone, Debug)]
pub enum Targets {
    Single(usize),
    Multilabel(usize),
    Multioutput(Vec<usize>),
}

/// A model whose weights are float64.
#[derive(Clone, Debug)]
pub struct Wide {
    pub pipe: Pipe,
    pub targets: Targets,
    pub unicode: wcw_engine::unicode::Version,
}

/// What a head says of a text.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub scores: Vec<f64>,
    /// None where the source has none.
    pub probabilities: Option<Vec<f64>>,
    pub labels: Vec<usize>,
}

/// A number that is not finite: the source refuses such rows, and so does the engine.
#[derive(Debug)]
pub struct NotFinite;

pub fn finite(numbers: &[f64]) -> Result<(), NotFinite> {
    if numbers.iter().all(|x| x.is_finite()) { Ok(()) } else { Err(NotFinite) }
}
