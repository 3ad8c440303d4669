//! Probabilities after their textbook definitions (docs/model-file.md, stage `linear`). exp is libm's: the document says so.

/// The C probabilities of K scores; None where the link has none.
pub fn probabilities(link: &str, s: &[f64]) -> Option<Vec<f64>> {
    let sigma = |s: f64| 1.0 / (1.0 + libm::exp(-s));
    let huber = |s: f64| (s.clamp(-1.0, 1.0) + 1.0) / 2.0;
    let shares = |p: Vec<f64>, zero: f64| {
        let total = p.iter().fold(0.0, |sum, q| sum + q);
        p.iter().map(|q| if total == 0.0 { zero } else { q / total }).collect()
    };
    let softmax = |s: &[f64]| {
        let max = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        shares(s.iter().map(|s| libm::exp(s - max)).collect(), 0.0)
    };
    let even = 1.0 / s.len() as f64;
    Some(match (link, s) {
        ("logistic", &[s]) => vec![1.0 - sigma(s), sigma(s)],
        ("softmax_pair", &[s]) => softmax(&[-s, s]),
        ("modified_huber", &[s]) => vec![1.0 - huber(s), huber(s)],
        ("softmax", s) => softmax(s),
        ("ovr", s) => shares(s.iter().map(|&s| sigma(s)).collect(), even),
        ("ovr_zeros", s) => shares(s.iter().map(|&s| sigma(s)).collect(), 0.0),
        ("each", s) => s.iter().map(|&s| sigma(s)).collect(),
        ("modified_huber", s) => shares(s.iter().map(|&s| huber(s)).collect(), even),
        _ => return None,
    })
}
