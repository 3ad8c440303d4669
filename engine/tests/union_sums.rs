//! A union straight before a linear head, with float32 weights: its sums are made branch by branch, without a row. They are
//! those of the naive row, up to the order of summation; and they are the same however a text is asked for.

mod common;

use common::batch::classify;
use common::oracle;
use common::spec::{Spec, Step};
use common::strategies::{self, number};
use common::wide::rows::{Row, Text, run};
use common::wide::{Matrix, NotFinite, Pipe, Stage, Targets, Wide};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use wcw_engine::Model;

/// One branch of a union: a vectorizer with the transforms of a plain model, most often with a weight at its end.
fn branch() -> impl Strategy<Value = (Spec, Option<f64>)> {
    let weight = option::of(prop_oneof![Just(0.5), Just(-2.0), Just(0.0), Just(1e-3)]);
    (strategies::patterned(), weight).prop_map(|(mut spec, weight)| {
        if spec.vocabulary.is_none() {
            spec.n_features = spec.n_features % 97 + 1;
            spec.transforms.retain(|step| !matches!(step, Step::Idf(_)));
        }
        (spec, weight)
    })
}

fn model() -> impl Strategy<Value = Wide> {
    (vec(branch(), 1..4), 1..6_usize, any::<u64>(), any::<bool>()).prop_map(|(branches, outputs, seed, nested)| {
        let unicode = branches[0].0.unicode;
        let width = branches.iter().map(|(spec, _)| spec.n_features).sum();
        let pipe = |(mut spec, weight): (Spec, Option<f64>)| {
            (spec.float32, spec.unicode) = (true, unicode);
            let scale = weight.map(|t| Stage::Scale(vec![t]));
            [Stage::Vectorize(Box::new(spec))].into_iter().chain(scale).collect::<Pipe>()
        };
        let mut union = Stage::Union(branches.into_iter().map(pipe).collect());
        if nested {
            // Not branch by branch: a branch that is a union itself needs a row.
            union = Stage::Union(vec![vec![union]]);
        }
        let coef: Matrix = (0..width).map(|i| (0..outputs).map(|k| number(seed, i * outputs + k)).collect()).collect();
        let intercept = (0..outputs).map(|k| number(!seed, k)).collect();
        let head = Stage::Linear { kind: "linear", coef, intercept, link: "each", label: "each" };
        Wide { pipe: vec![union, head], targets: Targets::Multilabel(outputs), unicode }
    })
}

/// Scores of the naive row and, for each, the sum of magnitudes; and how many features it knew.
fn expected(wide: &Wide, text: &str) -> Result<(Vec<(f64, f64)>, usize), NotFinite> {
    let [union, Stage::Linear { coef, intercept, .. }] = &wide.pipe[..] else { panic!("a union and a head") };
    let mut text = Text { text, known: 0 };
    let (row, _) = run(&vec![union.clone()], &mut text, &Row::default())?;
    let score = |(k, b): (usize, &f64)| {
        #[expect(clippy::cast_possible_truncation, reason = "rounding is what float32 asks for")]
        let terms = || row.entries.iter().map(|(i, x)| x * f64::from(coef[*i][k] as f32)).chain([*b]);
        (terms().sum(), terms().map(f64::abs).sum())
    };
    Ok((intercept.iter().enumerate().map(score).collect(), text.known))
}

fn specs<'w>(pipe: &'w Pipe, found: &mut Vec<&'w Spec>) {
    for stage in pipe {
        match stage {
            Stage::Vectorize(spec) => found.push(spec),
            Stage::Union(branches) => branches.iter().for_each(|branch| specs(branch, found)),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn branch_by_branch(wide in model(), texts in vec(strategies::text(), 1..6)) {
        let mut model = Model::load(&wide.file_with("float32"), false).unwrap();
        let mut cut = Vec::new();
        specs(&wide.pipe, &mut cut);
        let texts: Vec<String> = texts.into_iter().filter(|text| !cut.iter().any(|spec| oracle::is_endless(spec, text))).collect();
        let mut single = Vec::new();
        for text in &texts {
            let answer = classify(&mut model, std::slice::from_ref(text));
            let Ok((right, known)) = expected(&wide, text) else {
                prop_assert_eq!(answer.err().map(|e| e.code()), Some(-6), "a number that is not finite");
                return Ok(());
            };
            let answer = answer.map_err(|e| TestCaseError::fail(e.to_string()))?;
            for (got, (right, size)) in answer.scores.iter().zip(&right) {
                prop_assert!((got - right).abs() <= size * 2f64.powi(-40), "{} for {}", got, right);
            }
            prop_assert_eq!(answer.known[0] as usize, known);
            let told = model.explain(text).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(&told.scores[told.scores.len() - answer.scores.len()..], &answer.scores[..]);
            single.extend(answer.scores);
        }
        let batch = classify(&mut model, &texts).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(single.iter().map(|s| s.to_bits()).collect::<Vec<_>>(), batch.scores.iter().map(|s| s.to_bits()).collect::<Vec<_>>());
    }
}
