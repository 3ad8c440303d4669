//! The naive oracle of `NearestCentroid`.

use super::super::links;
use super::labels::labels;
use super::rows::Row;
use super::{Answer, Stage};

/// √max(0, (−2 x·c + x·x) + c·c), each sum over all features: what is not stored adds 0.
fn euclidean(x: &[f64], c: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b);
    ((-2.0 * dot(x, c) + dot(x, x)) + dot(c, c)).max(0.0).sqrt()
}

fn manhattan(x: &[f64], c: &[f64]) -> f64 {
    x.iter().zip(c).fold(0.0, |sum, (x, c)| sum + (x - c).abs())
}

pub fn answer(head: &Stage, row: &Row) -> Answer {
    let Stage::Distances { manhattan: absolute, label, link, outputs, centroids, scaled } = head else {
        panic!("{head:?}")
    };
    let x: Vec<f64> = (0..row.width).map(|i| row.entries.get(&i).copied().unwrap_or(0.0)).collect();
    let centroid = |k: usize| centroids.iter().map(|c| c[k]).collect::<Vec<f64>>();
    let classes = centroids[0].len();
    let plain = |k: usize| if *absolute { manhattan(&x, &centroid(k)) } else { euclidean(&x, &centroid(k)) };
    let score = |k: usize| match scaled {
        Some((deviations, constants)) if !absolute => {
            let by = |v: &[f64]| -> Vec<f64> {
                v.iter().zip(deviations).map(|(v, d)| v / if *d == 0.0 { 1.0 } else { *d }).collect()
            };
            let d = euclidean(&by(&x), &by(&centroid(k)));
            -(d * d) + constants[k]
        }
        _ if *absolute => -plain(k),
        _ => -(plain(k) * plain(k)),
    };
    let scores: Vec<f64> = (0..classes).map(score).collect();
    let nearest: Vec<f64> = (0..classes).map(|k| -plain(k)).collect();
    Answer {
        labels: labels("argmax", if *label == "nearest" { &nearest } else { &scores }, 0.0),
        probabilities: links::probabilities(link, &scores),
        scores: if *outputs == 1 { vec![scores[1] - scores[0]] } else { scores },
    }
}
