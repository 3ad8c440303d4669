//! The naive oracle of heads that look at the row themselves. Every sum is from 0.0 on, ascending.

use super::super::links;
use super::labels::{labels, sure};
use super::rows::Row;
use super::{Answer, Matrix, NotFinite, Stage, distances};

fn product(row: &[(usize, f64)], matrix: &Matrix) -> Vec<f64> {
    (0..matrix[0].len()).map(|k| row.iter().fold(0.0, |sum, (i, x)| sum + x * matrix[*i][k])).collect()
}

fn plus(sums: &[f64], last: &[f64]) -> Vec<f64> {
    sums.iter().zip(last).map(|(s, b)| s + b).collect()
}

/// None of a head with members.
pub fn of_row(head: &Stage, row: &Row) -> Option<Result<Answer, NotFinite>> {
    let entries: Vec<(usize, f64)> = row.entries.clone().into_iter().collect();
    Some(Ok(match head {
        Stage::Linear { coef, intercept, link, label, .. } => {
            let scores = plus(&product(&entries, coef), intercept);
            Answer { probabilities: links::probabilities(link, &scores), labels: labels(label, &scores, 0.0), scores }
        }
        Stage::Layers { activation, link, layers } => {
            let mut row = entries;
            for (coef, intercept) in &layers[..layers.len() - 1] {
                let out = plus(&product(&row, coef), intercept);
                row = out.into_iter().map(|v| activate(activation, v)).enumerate().collect();
            }
            let (coef, intercept) = &layers[layers.len() - 1];
            let raw = plus(&product(&row, coef), intercept);
            let rule = if *link == "softmax" {
                "argmax"
            } else if *link == "each" {
                "each"
            } else {
                "sign"
            };
            sure(rule, 0.5, links::probabilities(link, &raw).unwrap())
        }
        Stage::Distances { .. } => distances::answer(head, row),
        Stage::Constant { probabilities, labels } => {
            let labels = labels.iter().map(|&label| label as usize).collect();
            Answer { scores: probabilities.clone(), probabilities: Some(probabilities.clone()), labels }
        }
        Stage::Trees(trees) => return Some(trees.answer(row)),
        _ => return None,
    }))
}

fn activate(activation: &str, v: f64) -> f64 {
    match activation {
        "logistic" => 1.0 / (1.0 + libm::exp(-v)),
        "tanh" => libm::tanh(v),
        "relu" => v.max(0.0),
        _ => v,
    }
}
