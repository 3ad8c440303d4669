//! A loaded model: text in, scores out.

use crate::config::Reader;
use crate::error::{Error, Result};
use crate::estimator::{Answer, Shape};
use crate::features::Row;
use crate::file::File;
use crate::pipeline::{Pipeline, Run};
use crate::prelude::*;
use crate::say::int;

/// Where the answers of a batch go; an empty slice is not written.
pub struct Answers<'a> {
    /// n × K decision scores.
    pub scores: &'a mut [f64],
    /// n × P probabilities.
    pub probabilities: &'a mut [f64],
    /// n × L labels.
    pub labels: &'a mut [u32],
    /// n numbers of stored features.
    pub known: &'a mut [u32],
}

/// See the module.
pub struct Model {
    pub(crate) pipeline: Pipeline,
    /// What the pipeline of a model is given beside the text.
    pub(crate) nothing: Row,
    shape: Shape,
}

impl Model {
    /// Reads and checks a model file. The content hash, which takes most of the time, is left out for a file `is_verified`:
    /// of which the caller knows that it holds, because it made the file or has asked a faster SHA-256 than WebAssembly's.
    pub fn load(bytes: &[u8], is_verified: bool) -> Result<Self> {
        let file = File::parse(bytes, is_verified)?;
        let (reader, targets) = Reader::new(&file)?;
        let pipeline = Pipeline::read(&reader, file.document.array("pipeline")?, None, Some(&targets), 1)?;
        let shape = pipeline.shape();
        if let Some(outputs) = file.document.get("outputs") {
            let Shape { scores, probabilities, labels } = shape;
            for (key, found) in [("scores", scores), ("probabilities", probabilities), ("labels", labels)] {
                if outputs.int(key, usize::MAX)? != found {
                    return Err(Error::file(&[
                        "'outputs' does not fit the pipeline, which gives ",
                        &int(found),
                        " ",
                        key,
                    ]));
                }
            }
        }
        Ok(Self { pipeline, nothing: Row::default(), shape })
    }

    /// The look-up table of a vectorizer as the bytes of the tensor `vocabulary.table`.
    #[cfg(feature = "complete")]
    pub fn table_bytes(&mut self, vectorizer: usize) -> Result<Vec<u8>> {
        Ok(self.counter(vectorizer)?.features.table().to_bytes())
    }

    /// K, P and L: how many numbers there are for one text.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Classifies texts in order.
    pub fn classify<'t>(&mut self, texts: impl Iterator<Item = &'t str>, answers: &mut Answers) -> Result<()> {
        let mut texts = texts;
        self.classify_from(0, &mut || texts.next(), answers)
    }

    /// The same for texts that have others before them. One copy of this for all that gives texts (of an iterator as an
    /// object much would be kept that nobody calls).
    pub(crate) fn classify_from<'t>(
        &mut self,
        first: usize,
        next: &mut dyn FnMut() -> Option<&'t str>,
        answers: &mut Answers,
    ) -> Result<()> {
        if self.pipeline.gathers() {
            return self.classify_together(first, next, answers);
        }
        let probabilities = !answers.probabilities.is_empty();
        let mut i = first;
        while let Some(text) = next() {
            let mut run = Run { text, known: 0, rows: false };
            self.pipeline.answer(&mut run, &self.nothing, probabilities).map_err(|error| error.at_text(i))?;
            answers.write(i, &self.pipeline.answer);
            write(answers.known, i, &[run.known]);
            i += 1;
        }
        Ok(())
    }

    /// The same for a pipeline that answers faster for many texts together.
    fn classify_together<'t>(
        &mut self,
        first: usize,
        next: &mut dyn FnMut() -> Option<&'t str>,
        answers: &mut Answers,
    ) -> Result<()> {
        let (mut i, mut done, mut result) = (first, first, Ok(true));
        while result.is_ok() {
            let text = next();
            if let Some(text) = text {
                let mut run = Run { text, known: 0, rows: true };
                result = self.pipeline.keep(&mut run, &self.nothing).map_err(|error| error.at_text(i));
                write(answers.known, i, &[run.known]);
                i += 1;
            }
            if text.is_none() || !matches!(result, Ok(false)) {
                self.pipeline.release(&mut |answer| {
                    answer.check().map_err(|error| error.at_text(done))?;
                    answers.write(done, answer);
                    done += 1;
                    Ok(())
                })?;
            }
            if text.is_none() {
                break;
            }
        }
        result.map(|_| ())
    }
}

impl Answers<'_> {
    /// Those for text `i`.
    #[inline(always)]
    fn write(&mut self, i: usize, answer: &Answer) {
        write(self.scores, i * answer.scores.len(), &answer.scores);
        write(self.probabilities, i * answer.probabilities.len(), &answer.probabilities);
        write(self.labels, i * answer.labels.len(), &answer.labels);
    }
}

#[inline(always)]
fn write<T: Copy>(out: &mut [T], at: usize, values: &[T]) {
    if let Some(out) = out.get_mut(at..at + values.len()) {
        out.copy_from_slice(values);
    }
}
