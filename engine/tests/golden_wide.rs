//! The golden cases of ../tests/data/wide: unions, heads with members and the others, with scikit-learn's answers.
//! tests/data/README.md says what each key is; tests/test_golden.py and js/test/golden-wide.test.ts read the same files.

#[path = "common/batch.rs"]
#[allow(dead_code)]
mod batch;

use batch::classify;
use serde_json::Value;
use std::path::PathBuf;
use wcw_engine::Model;

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

fn count(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn check(name: &str, case: &Value, file: &[u8]) {
    let mut model = Model::load(file, false).unwrap_or_else(|error| panic!("{name}: {error}"));
    let shape = model.shape();
    let found = [shape.scores, shape.probabilities, shape.labels];
    assert_eq!(found, ["scores", "probabilities", "labels"].map(|key| count(&case["shape"][key])), "{name}: shape");
    let expected = case["texts"].as_array().unwrap();
    let texts: Vec<&str> = expected.iter().map(|text| text["text"].as_str().unwrap()).collect();
    let batch = classify(&mut model, &texts).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (n, right) in expected.iter().enumerate() {
        let at = format!("{name}: {:?}", texts[n]);
        let (scores, tolerances) = (floats(&right["scores"]), floats(&right["tolerance"]));
        assert_eq!(scores.len(), shape.scores, "{at}");
        for (k, (score, tolerance)) in scores.iter().zip(&tolerances).enumerate() {
            let got = batch.scores[n * shape.scores + k];
            if *tolerance == 0.0 {
                assert_eq!(format!("{:016x}", got.to_bits()), right["score_bits"][k].as_str().unwrap(), "{at}: {got}");
            }
            assert!((got - score).abs() <= *tolerance, "{at}: {got}, expected {score} ± {tolerance}");
        }
        assert_eq!(right["probabilities"].is_null(), shape.probabilities == 0, "{at}");
        if shape.probabilities > 0 {
            let slack = right["probability_tolerance"].as_f64().unwrap();
            let right = floats(&right["probabilities"]);
            assert_eq!(right.len(), shape.probabilities, "{at}");
            for (got, right) in batch.probabilities[n * shape.probabilities..].iter().zip(&right) {
                assert!((got - right).abs() <= slack, "{at}: {got}, expected {right} ± {slack}");
            }
        }
        let labels: Vec<usize> = right["labels"].as_array().unwrap().iter().map(count).collect();
        let got = &batch.labels[n * shape.labels..(n + 1) * shape.labels];
        assert_eq!(got.iter().map(|&label| label as usize).collect::<Vec<_>>(), labels, "{at}");
        assert_eq!(batch.known[n] as usize, count(&right["known"]), "{at}");
    }
}

#[test]
fn every_wide_case() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/wide");
    let mut cases = 0;
    for entry in std::fs::read_dir(&folder).expect("tests/data/wide") {
        let path = entry.expect("an entry of tests/data/wide").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy();
            check(&name, &case, &std::fs::read(path.with_extension("safetensors")).unwrap());
            cases += 1;
        }
    }
    assert!(cases > 30, "only {cases} cases in {}", folder.display());
}
