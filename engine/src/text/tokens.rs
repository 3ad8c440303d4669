//! From a normalized text to the byte ranges of its tokens, by the vectorizer's token pattern.

use super::cut::words;
use super::pattern::Matcher;
use crate::config::{Analyzer, Vectorizer};
use crate::error::{Error, Result};
use crate::prelude::*;

/// What a token pattern needs to work in, used again from text to text.
#[derive(Debug, Default)]
pub struct Tokenizer {
    matcher: Matcher,
}

impl Tokenizer {
    /// The tokens of `text`, in order, in place of what `out` holds. Tokens of a pattern may be empty or overlap.
    #[inline(always)]
    pub fn run(&mut self, text: &[u8], vectorizer: &Vectorizer, out: &mut Vec<(u32, u32)>) -> Result<()> {
        out.clear();
        match (&vectorizer.pattern, vectorizer.analyzer) {
            (Some(pattern), _) => {
                if !self.matcher.tokens(pattern, text, out) {
                    return Err(Error::steps());
                }
            }
            (None, Analyzer::Word { min_chars }) => words(text, min_chars, vectorizer.unicode, out),
            (None, Analyzer::Char | Analyzer::CharWb) => {}
        }
        #[cfg(feature = "broken")]
        crate::broken::tokens(out);
        Ok(())
    }
}
