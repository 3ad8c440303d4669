//! The engine as a native program, for benchmarks/: the same crate, so that only the target differs from the wasm.
//!
//! `bench_native MODEL TEXTS SCORES`: TEXTS are separated by NUL. A line `run` on stdin classifies them all, `save` writes
//! the scores of the last run to SCORES; each is answered by `done`. The time is taken outside.

use std::io::{BufRead, Write};
use wcw_engine::{Answers, Model};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, model, texts, target] = arguments.as_slice() else {
        return Err("usage: bench_native MODEL TEXTS SCORES".into());
    };
    let mut model = Model::load(&std::fs::read(model)?, false).map_err(|error| error.to_string())?;
    let texts = std::fs::read_to_string(texts)?;
    let count = texts.split('\0').count();
    let shape = model.shape();
    let mut scores = vec![0.0; count * shape.scores];
    let mut probabilities = vec![0.0; count * shape.probabilities];
    let (mut labels, mut known) = (vec![0; count * shape.labels], vec![0; count]);
    let mut stdout = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        match line?.as_str() {
            "run" => {
                let mut answers = Answers {
                    scores: &mut scores,
                    probabilities: &mut probabilities,
                    labels: &mut labels,
                    known: &mut known,
                };
                model.classify_joined(&texts, count, &mut answers).map_err(|error| error.to_string())?;
            }
            "save" => {
                let bytes: Vec<u8> = scores.iter().flat_map(|score| score.to_le_bytes()).collect();
                std::fs::write(target, bytes)?;
            }
            other => return Err(format!("{other:?}: only run and save are known").into()),
        }
        stdout.write_all(b"done\n")?;
        stdout.flush()?;
    }
    Ok(())
}
