//! One opaque error with a constructor per kind. The codes are part of the ABI (docs/engine-abi.md).

use crate::prelude::*;
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
    fn new(code: i32, message: fmt::Arguments) -> Self {
        Self(Box::new((code, message.to_string())))
    }

    /// A pointer, length, handle or stage that does not exist.
    pub fn argument(message: fmt::Arguments) -> Self {
        Self::new(-1, message)
    }

    /// A file that is no model or a damaged one.
    pub fn file(message: fmt::Arguments) -> Self {
        Self::new(-2, message)
    }

    /// A model that needs a later engine.
    pub fn unsupported(message: fmt::Arguments) -> Self {
        Self::new(-3, message)
    }

    /// A model that needs the other edition of the engine.
    #[cfg(not(feature = "complete"))]
    pub fn edition(what: &str) -> Self {
        Self::unsupported(format_args!("{what}: the linear edition of the engine knows none, the complete one does"))
    }

    /// A text that is not UTF-8.
    pub fn utf8() -> Self {
        Self::new(-4, format_args!("the text is not UTF-8"))
    }

    /// Memory is exhausted.
    pub fn memory() -> Self {
        Self::new(-5, format_args!("out of memory"))
    }

    /// A text with more spans than an explanation may have.
    pub fn too_long(spans: usize) -> Self {
        Self::new(-5, format_args!("the explanation has more than {spans} spans; explain a shorter text"))
    }

    /// A feature value or a score became infinite or not a number.
    pub fn not_finite() -> Self {
        Self::new(
            -6,
            format_args!(
                "a score is not finite (the logarithm of a count that is not positive, or a sum beyond float64)"
            ),
        )
    }

    /// The token pattern's budget is used up.
    pub fn steps() -> Self {
        Self::new(
            -8,
            format_args!(
                "the token pattern needs too many steps on this text: it goes back and forth between many ways to match"
            ),
        )
    }

    /// The content hash does not match.
    pub fn hash() -> Self {
        Self::new(-7, format_args!("the content hash does not match: the file was altered or damaged"))
    }

    /// The same of one text among several.
    pub fn at_text(self, text: usize) -> Self {
        Self::new(self.0.0, format_args!("text {text}: {self}"))
    }

    /// The ABI's negative code.
    pub fn code(&self) -> i32 {
        self.0.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.1)
    }
}

impl core::error::Error for Error {}
