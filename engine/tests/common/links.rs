//! Probabilities after their textbook definitions (docs/model-file.md, stage `linear`).

/// The C probabilities of K scores; None where the link has none.
pub fn probabilities(link: &str, s: &[f64]) -> Option<Vec<f64>> {
    let sigma = |s: f64| 1.0 / (1.0 + (-s).exp());
    let huber = |s: f64| (s.clamp(-1.0, 1.0) + 1.0) / 2.0;
    let shares = |p: Vec<f64>| {
        let total: f64 = p.iter().sum();
        p.iter().map(|q| if total == 0.0 { 1.0 / p.len() as f64 } else { q / total }).collect()
    };
    let softmax = |s: &[f64]| {
        let max = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        shares(s.iter().map(|s| (s - max).exp()).collect())
    };
    Some(match (link, s) {
        ("logistic", &[s]) => vec![1.0 - sigma(s), sigma(s)],
        ("softmax_pair", &[s]) => softmax(&[-s, s]),
        ("modified_huber", &[s]) => vec![1.0 - huber(s), huber(s)],
        ("softmax", s) => softmax(s),
        ("ovr", s) => shares(s.iter().map(|&s| sigma(s)).collect()),
        ("modified_huber", s) => shares(s.iter().map(|&s| huber(s)).collect()),
        _ => return None,
    })
}
