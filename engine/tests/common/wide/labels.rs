//! From values to labels.

use super::Answer;

/// The first of the largest, the last of the largest, or what is above the threshold.
pub fn labels(rule: &str, values: &[f64], threshold: f64) -> Vec<usize> {
    let last = values[values.len() - 1];
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match rule {
        "sign" => vec![usize::from(last > threshold)],
        "sign_or_zero" => vec![usize::from(last >= threshold)],
        "each" => values.iter().map(|v| usize::from(*v > threshold)).collect(),
        "argmax" => vec![values.iter().position(|v| *v == most).unwrap_or(0)],
        _ => vec![values.iter().rposition(|v| *v == most).unwrap_or(0)],
    }
}

/// Scores that are the probabilities.
pub fn sure(rule: &str, threshold: f64, p: Vec<f64>) -> Answer {
    Answer { labels: labels(rule, &p, threshold), probabilities: Some(p.clone()), scores: p }
}
