//! From counts to feature values, in scikit-learn's own order of operations: no fused multiply-add,
//! no reordering, so that the values have scikit-learn's bits.

use crate::config::{MAX_FEATURES, Reader, choose};
use crate::error::{Error, Result};
use crate::features::{Plan, Row, finite};
use crate::json::Json;
use crate::ln::{ln, ln_count};
use crate::pipeline::Run;
use crate::prelude::*;
use crate::say::int;
use crate::wide::Wide;

/// A feature that a selection leaves out.
const LEFT_OUT: u32 = u32::MAX;

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
pub enum Transform {
    /// v ← 1 + ln v
    SublinearTf,
    /// v ← v · idf\[i\], of the idf that stands beside the counters: the first
    FeatureIdf,
    /// v ← v · idf\[i\], of a further one, or of a scale
    Idf(Vec<f64>),
    /// v ← v · t
    Scale(f64),
    /// v ← v / norm; of a dense row scikit-learn takes a norm below `SPECK` for 0
    Norm(Norm),
    /// v ← 1 where v > t; other entries go
    Binarize(f64),
    /// Some features stay, under new numbers.
    Select {
        /// The new number of each, or `LEFT_OUT`.
        places: Vec<u32>,
        /// The old number of each that stays.
        kept: Vec<u32>,
    },
    /// A row that is made of this one.
    Wide(Wide),
}

impl Transform {
    /// Reads a stage; `width` is the row's before and becomes the row's behind it.
    pub fn read(reader: &Reader, stage: &Json, width: &mut usize, depth: usize) -> Result<Self> {
        let features = *width;
        Ok(match stage.str("stage")? {
            "sublinear_tf" => Self::SublinearTf,
            "idf" => Self::Idf(reader.numbers(stage, stage.str("tensor")?, features, None)?),
            "norm" => Self::Norm(choose(stage, "norm", &[("l1", Norm::L1), ("l2", Norm::L2), ("max", Norm::Max)])?),
            "scale" => {
                let one = features > 1 && reader.file.rows(&Reader::name(stage, "scale")?)? == 1;
                let scale = reader.numbers(stage, "scale", if one { 1 } else { features }, None)?;
                if let [t] = scale[..] { Self::Scale(t) } else { Self::Idf(scale) }
            }
            "binarize" => match reader.numbers(stage, "threshold", 1, None)?[..] {
                [t] if t >= 0.0 => Self::Binarize(t),
                _ => return Err(Error::file(&["the threshold of 'binarize' is below 0"])),
            },
            "select" => {
                let places = reader.u32s(stage, "select", Some(features), None)?;
                let mut kept = Vec::new();
                for (old, &new) in (0..).zip(&places) {
                    if new == kept.len() as u32 {
                        kept.push(old);
                    } else if new != LEFT_OUT {
                        return Err(Error::file(&[
                            "'select' sends feature ",
                            &int(old as usize),
                            " to ",
                            &int(new as usize),
                            ": kept ones must ascend from 0",
                        ]));
                    }
                }
                *width = stage.int("n_features", MAX_FEATURES)?;
                if kept.len() != *width || kept.is_empty() {
                    return Err(Error::file(&[
                        "'select' keeps ",
                        &int(kept.len()),
                        " features, 'n_features' says ",
                        &int(*width),
                    ]));
                }
                Self::Select { places, kept }
            }
            "svd" | "union" => Self::Wide(Wide::read(reader, stage, width, depth)?),
            other => {
                return Err(Error::unsupported(&[
                    "stage '",
                    other,
                    "' between vectorizer and head; this engine knows sublinear_tf, idf, norm, scale, binarize, select, svd, union",
                ]));
            }
        })
    }

    /// Whether feature i is still feature i behind it.
    pub fn keeps_features(&self) -> bool {
        !matches!(self, Self::Select { .. } | Self::Wide(_))
    }

    /// Where feature `index` behind it was before it; None where it is a combination of many.
    pub fn origin(&self, index: u32) -> Option<u32> {
        match self {
            Self::Select { kept, .. } => kept.get(index as usize).copied(),
            Self::Wide(wide) => wide.origin(index),
            _ => Some(index),
        }
    }

    /// Applies the step to a row.
    pub fn apply(&mut self, run: &mut Run, row: &mut Row) -> Result<()> {
        match self {
            Self::SublinearTf => row.values.iter_mut().for_each(|v| *v = sublinear(*v)),
            // Where it stands beside the counters, the pipeline has done it.
            Self::FeatureIdf => {}
            Self::Idf(idf) => row.indices.iter().zip(&mut row.values).for_each(|(&i, v)| *v *= idf[i as usize]),
            Self::Scale(t) => row.values.iter_mut().for_each(|v| *v *= *t),
            Self::Norm(norm) => normalize(*norm, if row.dense { SPECK } else { 0.0 }, &mut row.values),
            Self::Binarize(t) => {
                finite(&row.values)?;
                keep(row, |i, v| (v > *t).then_some((i, 1.0)));
            }
            Self::Select { places, .. } => {
                finite(&row.values)?;
                keep(row, |i, v| places.get(i as usize).filter(|&&new| new != LEFT_OUT).map(|&new| (new, v)));
            }
            Self::Wide(wide) => wide.apply(run, row)?,
        }
        Ok(())
    }
}

/// Each entry becomes what `f` says, or goes.
#[inline(always)]
fn keep(row: &mut Row, f: impl Fn(u32, f64) -> Option<(u32, f64)>) {
    let mut n = 0;
    for at in 0..row.indices.len() {
        if let Some((index, value)) = f(row.indices[at], row.values[at]) {
            row.indices[n] = index;
            row.values[n] = value;
            n += 1;
        }
    }
    row.indices.truncate(n);
    row.values.truncate(n);
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

/// Ten times the distance from 1.0 to the next float64.
const SPECK: f64 = 10.0 * f64::EPSILON;

/// v ← v / norm, where the norm is at least `least`.
#[inline(never)]
pub fn normalize(norm: Norm, least: f64, values: &mut [f64]) {
    let sum = match norm {
        Norm::L2 => values.iter().fold(0.0, |sum, v| Norm::L2.add(sum, *v)),
        _ => values.iter().fold(0.0, |sum, v| norm.add(sum, *v)),
    };
    let size = norm.size(sum);
    if size != 0.0 && size >= least {
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
        if self == Norm::L2 { sqrt(sum) } else { sum }
    }
}

/// Correctly rounded, as any square root is. libm's is a program where it does not know the processor's instruction.
#[inline(always)]
fn sqrt(x: f64) -> f64 {
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    {
        use core::arch::wasm32::{f64x2_extract_lane, f64x2_splat, f64x2_sqrt};
        f64x2_extract_lane::<0>(f64x2_sqrt(f64x2_splat(x)))
    }
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    libm::sqrt(x)
}

/// The plan of transforms that are the usual ones, in the usual order.
pub fn plan(transforms: &[Transform]) -> Option<Plan> {
    if cfg!(feature = "broken") {
        return None; // so that stages can be broken one by one
    }
    let mut plan = Plan::default();
    for transform in transforms {
        match transform {
            Transform::SublinearTf if !plan.sublinear && !plan.idf && plan.norm.is_none() => plan.sublinear = true,
            // The first stands beside the counters, or will.
            Transform::FeatureIdf | Transform::Idf(_) if !plan.idf && plan.norm.is_none() => plan.idf = true,
            Transform::Norm(norm) if plan.norm.is_none() => plan.norm = Some(*norm),
            _ => return None,
        }
    }
    Some(plan)
}
