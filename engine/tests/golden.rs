//! The golden cases of ../tests/data, which the Python and TypeScript tests read too: what scikit-learn gave at every
//! stage. tests/data/README.md says what each key is and how far a number may be off.

use serde_json::Value;
use std::path::PathBuf;
use wcw_engine::{Answers, Model, Row, Shape, Strings};

struct Case {
    name: String,
    model: Model,
    texts: Vec<Value>,
    /// Sums in order of first occurrence, and tolerances.
    float32: bool,
}

fn cases() -> Vec<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("tests/data") {
        let path = entry.expect("an entry of tests/data").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let model = Model::load(&std::fs::read(path.with_extension("safetensors")).unwrap(), false);
        let model = model.unwrap_or_else(|error| panic!("{name}: {error}"));
        let Value::Array(texts) = json["texts"].take() else { panic!("{name}: no texts") };
        let float32 = texts[0].get("tolerance").is_some();
        cases.push(Case { name, model, texts, float32 });
    }
    assert!(cases.len() >= 70, "only {} cases in {}", cases.len(), folder.display());
    cases
}

/// Every text of every case.
fn each(check: impl Fn(&mut Case, &Value, &str)) {
    for mut case in cases() {
        for expected in std::mem::take(&mut case.texts) {
            let text = match &expected["text"] {
                Value::String(text) => text.clone(),
                _ => {
                    let units: Vec<u16> = integers(&expected["text_utf16"]).into_iter().map(|u| u as u16).collect();
                    String::from_utf16_lossy(&units)
                }
            };
            check(&mut case, &expected, &text);
        }
    }
}

fn integers(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as u32).collect()
}

fn floats(value: &[Value]) -> Vec<f64> {
    value.iter().map(|n| n.as_f64().unwrap()).collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect()
}

fn list(strings: &Strings) -> Vec<&str> {
    let piece = |pair: &[u32]| std::str::from_utf8(&strings.bytes[pair[0] as usize..pair[1] as usize]).unwrap();
    strings.offsets.windows(2).map(piece).collect()
}

fn near(a: f64, b: f64, relative: f64, absolute: f64) -> bool {
    (a - b).abs() <= absolute + relative * b.abs()
}

fn ulp(x: f64) -> f64 {
    f64::from_bits(x.abs().to_bits() + 1) - x.abs()
}

#[test]
fn text_stages() {
    each(|case, expected, text| {
        let at = format!("{}: {text:?}", case.name);
        let normalized = std::str::from_utf8(case.model.normalized(0, text).unwrap()).unwrap().to_owned();
        assert_eq!(normalized, expected["normalize"].as_str().unwrap(), "{at}");
        assert_eq!(list(&case.model.tokens(0, text).unwrap()), strings(&expected["tokens"]), "{at}");
        assert_eq!(list(&case.model.ngrams(0, text).unwrap()), strings(&expected["ngrams"]), "{at}");
    });
}

#[test]
fn features() {
    each(|case, expected, text| {
        let at = format!("{}: {text:?}", case.name);
        let Row { indices, values, .. } = case.model.features(0, text).unwrap();
        let mut found: Vec<(u32, f64)> = indices.iter().copied().zip(values.iter().copied()).collect();
        if case.float32 {
            found.sort_by_key(|(index, _)| *index);
        }
        let right: Vec<(u32, f64)> = expected["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (pair[0].as_u64().unwrap() as u32, pair[1].as_f64().unwrap()))
            .collect();
        let relative = if case.float32 { 1e-14 } else { 0.0 };
        assert_eq!(found.len(), right.len(), "{at}");
        for (found, right) in found.into_iter().zip(right) {
            assert!(found.0 == right.0 && near(found.1, right.1, relative, 0.0), "{at}: {found:?}, expected {right:?}");
        }
    });
}

#[test]
fn answers() {
    each(|case, expected, text| {
        let at = format!("{}: {text:?}", case.name);
        let Shape { scores: k, probabilities: c, labels: l } = case.model.shape();
        let (mut scores, mut probabilities) = (vec![f64::NAN; k], vec![f64::NAN; c]);
        let (mut labels, mut known) = (vec![99; l], [99]);
        let has_link = !expected["probabilities"].is_null();
        let mut into = Answers {
            scores: &mut scores,
            probabilities: if has_link { &mut probabilities } else { &mut [] },
            labels: &mut labels,
            known: &mut known,
        };
        case.model.classify(std::iter::once(text), &mut into).unwrap_or_else(|error| panic!("{at}: {error}"));
        let mut slack = 1e-14;
        if case.float32 {
            let tolerances = floats(expected["tolerance"].as_array().unwrap());
            let right = floats(expected["scores"].as_array().unwrap());
            for ((score, right), tolerance) in scores.iter().zip(right).zip(&tolerances) {
                assert!((score - right).abs() <= *tolerance, "{at}: {score}, expected {right} ± {tolerance}");
            }
            let rounded = floats(expected["rounded_scores"].as_array().unwrap());
            for (score, rounded) in scores.iter().zip(rounded) {
                assert!(near(*score, rounded, 1e-14, 1e-14), "{at}: {score}, with rounded coefficients {rounded}");
            }
            slack += k as f64 * tolerances.iter().fold(0.0, |a: f64, b| a.max(*b));
        } else {
            let bits: Vec<String> = scores.iter().map(|s| format!("{:016x}", s.to_bits())).collect();
            assert_eq!(bits, strings(&expected["score_bits"]), "{at}: {scores:?}");
        }
        if case.name.starts_with("head-naive-bayes") {
            slack += 2.0 * scores.iter().fold(0.0, |a: f64, s| a.max(ulp(*s)));
        }
        assert_eq!(u64::from(labels[0]), expected["label"].as_u64().unwrap(), "{at}");
        assert_eq!(u64::from(known[0]), expected["known"].as_u64().unwrap(), "{at}");
        if has_link {
            let right = floats(expected["probabilities"].as_array().unwrap());
            assert_eq!(right.len(), c, "{at}");
            for (found, right) in probabilities.iter().zip(right) {
                assert!((found - right).abs() <= slack, "{at}: {found}, expected {right}");
            }
        }
    });
}

#[test]
fn explanations() {
    each(|case, expected, text| {
        let at = format!("{}: {text:?}", case.name);
        let found = case.model.explain(text).unwrap_or_else(|error| panic!("{at}: {error}"));
        let classes = found.scores.len();
        let right = expected["spans"].as_array().unwrap();
        assert_eq!(found.spans.len(), right.len(), "{at}");
        assert_eq!(found.weights.len(), classes * right.len(), "{at}");
        let mut totals = found.remainder.clone();
        for ((span, weights), right) in found.spans.iter().zip(found.weights.chunks(classes)).zip(right) {
            let right = right.as_array().unwrap();
            let ngram = &found.ngrams[span.ngram.0 as usize..][..span.ngram.1 as usize];
            assert_eq!(std::str::from_utf8(ngram).unwrap(), right[0].as_str().unwrap(), "{at}");
            let places = [span.chars.0, span.chars.1, span.utf16.0, span.utf16.1];
            assert_eq!(places.as_slice(), integers(&Value::from(right[1..5].to_vec())), "{at}: {}", right[0]);
            for (weight, right) in weights.iter().zip(floats(&right[5..])) {
                assert!(near(*weight, right, 1e-8, 1e-8), "{at}: {weight}, expected {right}");
            }
            totals.iter_mut().zip(weights).for_each(|(total, weight)| *total += weight);
        }
        for (remainder, right) in found.remainder.iter().zip(floats(expected["remainder"].as_array().unwrap())) {
            assert!(near(*remainder, right, 1e-8, 1e-8), "{at}: remainder {remainder}, expected {right}");
        }
        for (total, score) in totals.iter().zip(&found.scores) {
            assert!(near(*total, *score, 1e-12, 1e-12), "{at}: spans and remainder add up to {total}, not {score}");
        }
    });
}
