//! From counts to feature values, in scikit-learn's own order of operations: no fused multiply-add,
//! no reordering, so that the values have scikit-learn's bits.

use crate::features::{Features, Row};
use crate::ln::{ln, ln_count};
use crate::prelude::*;

/// Which norm a row is divided by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Norm {
    /// Sum of magnitudes.
    L1,
    /// Root of the sum of squares.
    L2,
    /// Largest magnitude.
    Max,
}

/// A step on a row of stored values.
#[derive(Clone, Debug)]
pub enum Transform {
    /// v ← 1 + ln v
    SublinearTf,
    /// v ← v · idf\[i\], of the idf that stands beside the counters: the first
    FeatureIdf,
    /// v ← v · idf\[i\], of a further one
    Idf(Vec<f64>),
    /// v ← v / norm
    Norm(Norm),
}

impl Transform {
    /// Applies the step to the stored values of one row of `features`.
    pub fn apply(&self, features: &Features, row: &mut Row) {
        match self {
            Transform::SublinearTf => row.values.iter_mut().for_each(|v| *v = sublinear(*v)),
            Transform::FeatureIdf => features.scale(row),
            Transform::Idf(idf) => row.indices.iter().zip(&mut row.values).for_each(|(&i, v)| *v *= idf[i as usize]),
            Transform::Norm(norm) => normalize(*norm, &mut row.values),
        }
    }
}

/// 1 + ln v
#[inline]
pub fn sublinear(v: f64) -> f64 {
    log(v) + 1.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "guarded by the comparison with the cast's own result"
)]
fn log(v: f64) -> f64 {
    let count = v as u32;
    if f64::from(count) == v && count > 0 { ln_count(count) } else { ln(v) }
}

fn normalize(norm: Norm, values: &mut [f64]) {
    let size = norm.size(values.iter().fold(0.0, |sum, v| norm.add(sum, *v)));
    if size != 0.0 {
        values.iter_mut().for_each(|v| *v /= size);
    }
}

impl Norm {
    /// Adds a value to what becomes the norm, from 0.0.
    #[inline(always)]
    pub fn add(self, sum: f64, v: f64) -> f64 {
        match self {
            Norm::L1 => sum + v.abs(),
            Norm::L2 => sum + v * v,
            Norm::Max => sum.max(v.abs()),
        }
    }

    /// The norm of all that was added.
    #[inline(always)]
    pub fn size(self, sum: f64) -> f64 {
        if self == Norm::L2 { libm::sqrt(sum) } else { sum }
    }
}
