//! Many texts in one go: normalized, cut and looked up together, as one text with zeros in between, and then counted and
//! answered one by one. What the end of a text costs (a block of bytes that is not full, loops that end) is paid once for
//! many, and look-ups that lie far are under way together.

use crate::counter::Counter;
use crate::error::Result;
use crate::estimator::{Answer, Linear, Shape};
use crate::features::Plan;
use crate::model::{Answers, Model};

/// How many bytes are read at once, if texts are shorter.
const CHUNK: usize = 4096;

/// What answers for texts of which the words are known.
pub struct Direct<'p> {
    pub plan: Plan,
    pub counter: &'p mut Counter,
    pub linear: &'p Linear,
    /// Room for what nobody asked for.
    pub answer: &'p mut Answer,
}

impl Model {
    /// Classifies `count` texts that are separated by single zeros; where texts are missing they are empty. How many bytes
    /// of `all` it read.
    pub fn classify_joined(&mut self, all: &str, count: usize, answers: &mut Answers) -> Result<usize> {
        let mut rest = Some(all);
        let mut done = 0;
        let shape = self.shape();
        if let Some(mut direct) = self.pipeline.direct().filter(|direct| direct.counter.reads_many()) {
            while done < count
                && let Some(texts) = rest
            {
                let (chunk, after) = split(texts, CHUNK);
                let first = done;
                rest = if direct.classify(chunk, &mut done, count, shape, answers)? {
                    after
                } else {
                    let end = chunk.bytes().enumerate().filter(|(_, b)| *b == 0).nth(done - first - 1);
                    end.and_then(|(end, _)| texts.get(end + 1..))
                };
            }
        }
        let mut texts = (done..count).map(|_| {
            let (text, after) = split(rest.unwrap_or_default(), 0);
            rest = after;
            text
        });
        self.classify_from(done, &mut || texts.next(), answers)?;
        Ok(all.len().saturating_sub(rest.map_or(0, |rest| rest.len() + 1)))
    }
}

/// The texts that end within the first `size` bytes, or the first text; and what lies behind the zero behind them.
fn split(texts: &str, size: usize) -> (&str, Option<&str>) {
    if texts.len() <= size {
        return (texts, None);
    }
    let zero = |b: &u8| *b == 0;
    let last = texts.as_bytes().get(..size).and_then(|bytes| bytes.iter().rposition(zero));
    let end = last.or_else(|| texts.bytes().position(|b| b == 0));
    end.and_then(|end| Some((texts.get(..end)?, Some(texts.get(end + 1..)?)))).unwrap_or((texts, None))
}

impl Direct<'_> {
    /// Classifies the texts of a chunk, at most until `count` are done. Whether these were all.
    fn classify(
        &mut self,
        chunk: &str,
        done: &mut usize,
        count: usize,
        shape: Shape,
        answers: &mut Answers,
    ) -> Result<bool> {
        let size = self.counter.read_words(chunk)?;
        let (mut end, mut word) = (0, 0);
        loop {
            let first = word;
            (end, word) = self.counter.end_of_text(end, first);
            self.counter.count_words(first, word);
            let i = *done;
            let scores = place(answers.scores, i, shape.scores).unwrap_or(&mut self.answer.scores);
            let known = self.counter.features.score(self.plan, scores);
            let probabilities = place(answers.probabilities, i, shape.probabilities).unwrap_or_default();
            let labels = place(answers.labels, i, shape.labels).unwrap_or_default();
            self.linear.conclude(scores, probabilities, labels).map_err(|error| error.at_text(i))?;
            if let Some(out) = answers.known.get_mut(i) {
                *out = known as u32;
            }
            *done += 1;
            if end >= size {
                return Ok(true);
            }
            if *done == count {
                return Ok(false);
            }
            end += 1;
        }
    }
}

/// Where the numbers of text `i` go, if anybody asks for them.
#[inline(always)]
fn place<T>(numbers: &mut [T], i: usize, each: usize) -> Option<&mut [T]> {
    numbers.get_mut(i * each..(i + 1) * each)
}
