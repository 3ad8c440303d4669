//! One opaque error with a constructor per kind. The codes are part of the ABI (docs/engine-abi.md).

use crate::prelude::*;
use crate::say::{concat, int};
use core::fmt;

/// Why a call could not be answered: an ABI code and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<(i32, String)>);

/// `Result` with the engine's own error.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    // One copy, and out of the way: there are a hundred places that may fail.
    #[cold]
    #[inline(never)]
    fn new(code: i32, message: &[&str]) -> Self {
        Self(Box::new((code, concat(message))))
    }

    /// A pointer, length, handle or stage that does not exist.
    pub fn argument(message: &[&str]) -> Self {
        Self::new(-1, message)
    }

    /// A file that is no model or a damaged one.
    pub fn file(message: &[&str]) -> Self {
        Self::new(-2, message)
    }

    /// A model that needs a later engine.
    pub fn unsupported(message: &[&str]) -> Self {
        Self::new(-3, message)
    }

    /// A model that needs the other edition of the engine.
    #[cfg(not(feature = "complete"))]
    pub fn edition(what: &str) -> Self {
        Self::unsupported(&[what, ": the linear edition of the engine knows none, the complete one does"])
    }

    /// A text that is not UTF-8.
    pub fn utf8() -> Self {
        Self::new(-4, &["the text is not UTF-8"])
    }

    /// Memory is exhausted.
    pub fn memory() -> Self {
        Self::new(-5, &["out of memory"])
    }

    /// A text with more spans than an explanation may have.
    pub fn too_long(spans: usize) -> Self {
        Self::new(-5, &["the explanation has more than ", &int(spans), " spans; explain a shorter text"])
    }

    /// A feature value or a score became infinite or not a number.
    pub fn not_finite() -> Self {
        Self::new(
            -6,
            &["a score is not finite (the logarithm of a count that is not positive, or a sum beyond float64)"],
        )
    }

    /// The token pattern's budget is used up.
    pub fn steps() -> Self {
        Self::new(
            -8,
            &["the token pattern needs too many steps on this text: it goes back and forth between many ways to match"],
        )
    }

    /// The content hash does not match.
    pub fn hash() -> Self {
        Self::new(-7, &["the content hash does not match: the file was altered or damaged"])
    }

    /// The same of one text among several.
    pub fn at_text(self, text: usize) -> Self {
        Self::new(self.0.0, &["text ", &int(text), ": ", self.message()])
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.0.1
    }

    /// The ABI's negative code.
    pub fn code(&self) -> i32 {
        self.0.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for Error {}
