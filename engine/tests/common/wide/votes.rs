//! The naive oracle of what becomes of several answers: votes, one class against the rest, one against one.

use super::Answer;
use super::calibrated::shares;
use super::labels::{labels, sure};

/// What is asked of a member with two classes: how sure it is of the second.
fn confidence(answer: &Answer, probability: bool) -> f64 {
    let values = if probability { answer.probabilities.as_ref().unwrap() } else { &answer.scores };
    values[values.len() - 1]
}

pub fn vote(soft: bool, weights: &[f64], all: &[Answer]) -> Answer {
    let all = || all.iter().zip(weights);
    if soft {
        let p = |a: &Answer, k: usize| a.probabilities.as_ref().unwrap()[k];
        let total = weights.iter().fold(0.0, |sum, w| sum + w);
        let classes = all().next().unwrap().0.probabilities.as_ref().unwrap().len();
        return sure(
            "argmax",
            0.0,
            (0..classes).map(|k| all().fold(0.0, |s, (a, w)| s + p(a, k) * w) / total).collect(),
        );
    }
    let first = all().next().unwrap().0;
    let classes = first.probabilities.as_ref().map_or(first.scores.len(), Vec::len).max(2);
    let votes = |k: usize| all().filter(|(a, _)| a.labels[0] == k).fold(0.0, |sum, (_, w)| sum + w);
    let scores: Vec<f64> = (0..classes).map(votes).collect();
    Answer { labels: labels("argmax", &scores, 0.0), probabilities: None, scores }
}

pub fn one_vs_rest(all: &[Answer], probability: bool, label: &str, divide: bool) -> Answer {
    let values: Vec<f64> = all.iter().map(|a| confidence(a, probability)).collect();
    let probabilities = all.iter().all(|a| a.probabilities.is_some()).then(|| {
        let p: Vec<f64> = all.iter().map(|a| confidence(a, true)).collect();
        let p = if label == "sign" { vec![1.0 - p[0], p[0]] } else { p };
        if divide { shares(p, false) } else { p }
    });
    Answer {
        labels: labels(label, &values, if probability { 0.5 } else { 0.0 }),
        scores: if probability { probabilities.clone().unwrap() } else { values },
        probabilities,
    }
}

pub fn one_vs_one(all: &[Answer], probability: bool) -> Answer {
    let classes = (2..).find(|n| n * (n - 1) / 2 == all.len()).unwrap();
    let (mut votes, mut sums) = (vec![0.0; classes], vec![0.0; classes]);
    let pairs = (0..classes).flat_map(|i| (i + 1..classes).map(move |j| (i, j)));
    for (answer, (i, j)) in all.iter().zip(pairs) {
        sums[i] -= confidence(answer, probability);
        sums[j] += confidence(answer, probability);
        votes[[i, j][answer.labels[0]]] += 1.0;
    }
    let scores: Vec<f64> =
        votes.iter().zip(&sums).map(|(v, s): (&f64, &f64)| v + s / (3.0 * (s.abs() + 1.0))).collect();
    let scores = if classes == 2 { scores[1..].to_vec() } else { scores };
    let threshold = if probability { 0.5 } else { 0.0 };
    Answer {
        labels: labels(if classes == 2 { "sign" } else { "argmax" }, &scores, threshold),
        probabilities: None,
        scores,
    }
}
