//! The answers of a batch, with room that shows what nobody has written.

use wcw_engine::{Answers, Error, Model};

pub struct Batch {
    pub scores: Vec<f64>,
    pub probabilities: Vec<f64>,
    pub labels: Vec<u32>,
    pub known: Vec<u32>,
}

/// The answers for `n` texts that `run` writes.
pub fn answers(
    model: &mut Model,
    n: usize,
    run: impl FnOnce(&mut Model, &mut Answers) -> Result<(), Error>,
) -> Result<Batch, Error> {
    let shape = model.shape();
    let mut batch = Batch {
        scores: vec![f64::NAN; n * shape.scores],
        probabilities: vec![f64::NAN; n * shape.probabilities],
        labels: vec![u32::MAX; n * shape.labels],
        known: vec![u32::MAX; n],
    };
    let Batch { scores, probabilities, labels, known } = &mut batch;
    run(model, &mut Answers { scores, probabilities, labels, known })?;
    Ok(batch)
}

pub fn classify(model: &mut Model, texts: &[impl AsRef<str>]) -> Result<Batch, Error> {
    answers(model, texts.len(), |model, answers| model.classify(texts.iter().map(AsRef::as_ref), answers))
}
