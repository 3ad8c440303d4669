//! Any other token pattern: a small program that the exporter wrote (docs/model-file.md, "Token patterns"), and the matcher
//! that finds with it exactly what Python's `re.findall` finds.
//!
//! Python's own parser has read the pattern and Python's own matcher has said which characters each set holds, so there is
//! no regex compiler here and no table of Unicode. What is left: sets as bit maps (`set`), a program that is checked once
//! (`program`), and a backtracking matcher with an explicit stack and a budget of steps (`matcher`).
//!
//! Deliberately without memory of failed places, which would make most catastrophic patterns linear: the exporter relies on
//! the engine to give up on a text *before* scikit-learn's own `re` hangs on it, so it must not be cleverer than that.

mod matcher;
mod program;
mod set;

pub use matcher::Matcher;
pub use program::{Found, Pattern, read};
