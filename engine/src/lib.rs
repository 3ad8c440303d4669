//! Text classifiers that were trained in scikit-learn, run with scikit-learn's own answers.
//!
//! `error ← text, lookup ← table, memo ← features ← tally ← counter, transform, wide, estimator ← pipeline ← model ← abi`: text in, scores out. The engine knows the tensors of a model
//! file (docs/model-file.md) and nothing of files, browsers or Python. Arithmetic: float64 sums in an order fixed by the
//! text alone, plain multiply and add, exp from `libm`, a correctly rounded ln of our own, so that every host and every
//! build gives the same bits.

// In the page there is nobody to print a panic to; without std the whole machinery for that stays out of the file.
#![cfg_attr(target_arch = "wasm32", no_std)]
// The linear edition has less to do with the same parts.
#![cfg_attr(not(feature = "complete"), allow(dead_code, unused_imports))]

extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod abi;
mod ascending;
#[cfg(feature = "broken")]
mod broken;
mod config;
mod counter;
#[cfg(feature = "complete")]
mod dense;
mod error;
mod estimator;
mod exp;
mod explain;
mod features;
mod file;
mod joined;
mod json;
pub mod ln;
mod lookup;
mod memo;
mod model;
pub mod murmur;
mod ngrams;
mod ordered;
mod pipeline;
mod prelude;
mod say;
mod sum;
mod table;
mod tally;
mod text;
mod transform;
pub mod unicode;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod utf8;
#[cfg_attr(not(feature = "complete"), path = "no_wide.rs")]
mod wide;

pub use error::{Error, Result};
pub use estimator::Shape;
pub use explain::{Explanation, Span, Strings};
pub use features::Row;
pub use model::{Answers, Model};
