//! The naive oracle of one member of `CalibratedClassifierCV`.

use super::rows::{Row, Text, run};
use super::{Calibrated, Calibrators, NotFinite};

pub fn calibrated(member: &Calibrated, text: &mut Text, row: &Row) -> Result<Vec<f64>, NotFinite> {
    let answer = run(&member.pipe, text, row)?.1.expect("a head");
    let values = if member.probability { answer.probabilities.unwrap() } else { answer.scores };
    let mut p: Vec<f64> = match &member.calibrators {
        Calibrators::Sigmoid(each) => {
            let of = |(v, (slope, offset)): (&f64, &(f64, f64))| 1.0 / (1.0 + libm::exp(slope * v + offset));
            values[values.len() - each.len()..].iter().zip(each).map(of).collect()
        }
        Calibrators::Isotonic(each) => {
            values[values.len() - each.len()..].iter().zip(each).map(|(v, points)| between(points, *v)).collect()
        }
    };
    if let [second] = p[..] {
        p = vec![1.0 - second, second];
    } else {
        p = shares(p, true);
    }
    Ok(p.into_iter().map(|p| if p > 1.0 && p <= 1.0 + 1e-5 { 1.0 } else { p }).collect())
}

/// As numpy.interp.
fn between(points: &[(f64, f64)], v: f64) -> f64 {
    let Some(at) = points.iter().rposition(|point| point.0 <= v) else { return points[0].1 };
    match points[at..] {
        [(x0, y0), (x1, y1), ..] if v > x0 => (y1 - y0) / (x1 - x0) * (v - x0) + y0,
        _ => points[at].1,
    }
}

/// Parts of the whole; what they become where all are zero.
pub fn shares(p: Vec<f64>, even: bool) -> Vec<f64> {
    let total = p.iter().fold(0.0, |sum, p| sum + p);
    let zero = if even { 1.0 / p.len() as f64 } else { 0.0 };
    p.iter().map(|p| if total == 0.0 { zero } else { p / total }).collect()
}
