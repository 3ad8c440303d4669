//! The engine against the naive oracle of common/wide and common/pattern: every stage and head beyond the plain ones, in
//! random trees of pipelines, on random texts. The same bits, labels included.

mod common;

use common::batch::{Batch, answers, classify};
use common::pattern::{Re, naive};
use common::spec::{Spec, Step};
use common::wide::rows::{Row, Text, run};
use common::wide::{Answer, NotFinite, Stage, Targets, Wide, random};
use common::{oracle, strategies};
use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt::Write;
use wcw_engine::{Error, Model};

fn bits(numbers: &[f64]) -> Vec<u64> {
    // +0 and −0 are the same score.
    numbers.iter().map(|x| (x + 0.0).to_bits()).collect()
}

/// The oracle's answer, and how many features it knew.
fn expected(wide: &Wide, text: &str) -> Result<(Answer, usize), NotFinite> {
    let mut text = Text { text, known: 0 };
    let (_, answer) = run(&wide.pipe, &mut text, &Row::default())?;
    Ok((answer.expect("a head"), text.known))
}

fn check_text(wide: &Wide, model: &mut Model, text: &String) -> Result<(), TestCaseError> {
    let answer = classify(model, std::slice::from_ref(text));
    let (right, known) = match expected(wide, text) {
        Ok(right) => right,
        Err(NotFinite) => {
            prop_assert_eq!(answer.err().map(|e| e.code()), Some(-6), "a number that is not finite");
            return Ok(());
        }
    };
    let answer = answer.map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert_eq!(bits(&answer.scores), bits(&right.scores), "{:?} for {:?}", answer.scores, right.scores);
    let probabilities = right.probabilities.unwrap_or_default();
    prop_assert_eq!(
        bits(&answer.probabilities),
        bits(&probabilities),
        "{:?} for {:?}",
        answer.probabilities,
        probabilities
    );
    prop_assert_eq!(answer.labels.iter().map(|&label| label as usize).collect::<Vec<_>>(), right.labels);
    prop_assert_eq!(answer.known[0] as usize, known, "known features");
    Ok(())
}

fn vectorizers<'w>(pipe: &'w [Stage], found: &mut Vec<&'w Spec>) {
    for stage in pipe {
        match stage {
            Stage::Vectorize(spec) => found.push(spec),
            Stage::Union(pipes) | Stage::MultiOutput(pipes) => pipes.iter().for_each(|pipe| vectorizers(pipe, found)),
            Stage::Vote { members, .. } | Stage::OneVsRest { members, .. } | Stage::OneVsOne { members, .. } => {
                members.iter().for_each(|pipe| vectorizers(pipe, found));
            }
            Stage::Calibrated(members) => members.iter().for_each(|member| vectorizers(&member.pipe, found)),
            _ => {}
        }
    }
}

/// The texts that no token pattern of the model takes too long for.
fn quick(wide: &Wide, texts: Vec<String>) -> Vec<String> {
    let mut specs = Vec::new();
    vectorizers(&wide.pipe, &mut specs);
    texts.into_iter().filter(|text| !specs.iter().any(|spec| oracle::is_endless(spec, text))).collect()
}

/// An eighth of the usual number: a model of these is many models.
fn config() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, max_shrink_iters: 3000, ..ProptestConfig::default() };
    ProptestConfig { cases: config.cases / 8, ..config }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn engine_is_the_oracle(wide in random::model(), texts in vec(strategies::text(), 1..5)) {
        let mut model = wide.model();
        for text in quick(&wide, texts) {
            check_text(&wide, &mut model, &text)?;
        }
    }

    /// A batch, joined or not, like its texts one by one.
    #[test]
    fn batches(wide in random::model(), texts in vec(strategies::text(), 1..5)) {
        let mut model = wide.model();
        let texts: Vec<String> = quick(&wide, texts).into_iter().map(|text| text.replace('\0', "-")).collect();
        prop_assume!(!texts.is_empty());
        let single: Vec<_> = texts.iter().map(|text| classify(&mut model, std::slice::from_ref(text))).collect();
        let all = texts.join("\0");
        let joined = answers(&mut model, texts.len(), |model, into| model.classify_joined(&all, texts.len(), into).map(drop));
        for batch in [classify(&mut model, &texts), joined] {
            match batch {
                Ok(batch) => {
                    let single: Vec<&Batch> = single.iter().map(|b| b.as_ref().unwrap()).collect();
                    let all = |of: fn(&Batch) -> &Vec<f64>| bits(&single.iter().flat_map(|b| of(b).clone()).collect::<Vec<_>>());
                    prop_assert_eq!(bits(&batch.scores), all(|b| &b.scores));
                    prop_assert_eq!(bits(&batch.probabilities), all(|b| &b.probabilities));
                    prop_assert_eq!(batch.labels, single.iter().flat_map(|b| b.labels.clone()).collect::<Vec<_>>());
                    prop_assert_eq!(batch.known, single.iter().map(|b| b.known[0]).collect::<Vec<_>>());
                }
                Err(error) => prop_assert_eq!(error.code(), single.iter().find_map(|b| b.as_ref().err()).map_or(0, Error::code)),
            }
        }
    }

    /// Where an answer is a sum over n-grams, spans and remainder add up to it.
    #[test]
    fn explanations_add_up(wide in random::model(), texts in vec(strategies::text(), 1..4)) {
        let mut model = wide.model();
        for text in quick(&wide, texts) {
            let Ok(explanation) = model.explain(&text) else { continue };
            let columns = explanation.scores.len();
            for k in 0..columns {
                let weights = || explanation.weights.iter().skip(k).step_by(columns);
                let sum: f64 = weights().sum::<f64>() + explanation.remainder[k];
                let size: f64 = weights().map(|w| w.abs()).sum::<f64>() + explanation.remainder[k].abs();
                prop_assert!((sum - explanation.scores[k]).abs() <= size * 1e-12, "{} for {}", sum, explanation.scores[k]);
            }
        }
    }

    #[test]
    fn token_patterns(spec in strategies::patterned(), texts in vec(strategies::text(), 1..7)) {
        let mut model = spec.model();
        for text in texts.iter().filter(|text| !oracle::is_endless(&spec, text)) {
            let tokens = model.tokens(0, text).unwrap();
            let piece = |w: &[u32]| String::from_utf8(tokens.bytes[w[0] as usize..w[1] as usize].to_vec()).unwrap();
            prop_assert_eq!(tokens.offsets.windows(2).map(piece).collect::<Vec<_>>(), oracle::tokens(&spec, text));
        }
    }
}

/// Every stage and head is met by the random models, and most of them answer.
#[test]
fn random_models_are_of_every_kind() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(Default::default()),
    );
    let (mut seen, mut answered) = (String::new(), 0);
    for _ in 0..300 {
        let wide = random::model().new_tree(&mut runner).unwrap().current();
        write!(seen, "{wide:?}").unwrap();
        answered += usize::from(expected(&wide, "The film, not a 中文 café").is_ok());
    }
    for kind in [
        "Union(",
        "Select(",
        "Scale(",
        "Binarize(",
        "Svd(",
        "Linear {",
        "Layers {",
        "Distances {",
        "Constant {",
        "Sigmoid(",
        "Isotonic(",
        "soft: true",
        "soft: false",
        "OneVsRest {",
        "OneVsOne {",
        "MultiOutput(",
        "Trees {",
        "sum: None",
        "sum: Some",
        "Capture(",
        "Look(",
        "Possessive",
        "Multilabel(",
    ] {
        assert!(seen.contains(kind), "no {kind} in 300 models");
    }
    assert!(answered > 200, "only {answered} of 300 models answered");
}

/// The logarithm of a count that cancelled, in a feature that the next stage leaves out: as much an error as elsewhere.
#[test]
fn what_is_no_number_is_refused_also_where_it_is_left_out() {
    let mut spec = Spec::words(&[]);
    (spec.vocabulary, spec.n_features, spec.alternate_sign) = (None, 1, true);
    spec.transforms = vec![Step::SublinearTf];
    let mut other = Spec::words(&["film"]);
    other.transforms = vec![Step::SublinearTf];
    for stage in [Stage::Binarize(0.0), Stage::Select(vec![false, true])] {
        let union = Stage::Union([&spec, &other].map(|spec| vec![Stage::Vectorize(Box::new(spec.clone()))]).into());
        let head = Stage::Constant { probabilities: vec![0.5, 0.5], labels: vec![0] };
        let wide = Wide { pipe: vec![union, stage, head], targets: Targets::Single(2), unicode: spec.unicode };
        // The oracle's test knows their signs: + and −.
        assert!(classify(&mut wide.model(), &["hello"]).is_ok());
        let both = classify(&mut wide.model(), &["hello 世界"]);
        assert_eq!(both.err().map(|e| e.code()), Some(-6));
    }
}

/// σ of every score is 0: random numbers hardly ever say so.
#[test]
fn rows_of_zeros_become_even_or_stay() {
    let vectorizer = || Stage::Vectorize(Box::new(Spec::words(&["film"])));
    for (link, right) in [("ovr", [1.0 / 3.0; 3]), ("ovr_zeros", [0.0; 3])] {
        let (coef, intercept) = (vec![vec![1.0; 3]], vec![-1000.0, -2000.0, -1000.0]);
        let head = Stage::Linear { kind: "linear", coef, intercept, link, label: "argmax_last" };
        let (pipe, unicode) = (vec![vectorizer(), head], Spec::words(&[]).unicode);
        let wide = Wide { pipe, targets: Targets::Single(3), unicode };
        check_text(&wide, &mut wide.model(), &"a film".into()).unwrap();
        assert_eq!(classify(&mut wide.model(), &["a film"]).unwrap().probabilities, right);
    }
}

/// The naive matcher itself, on answers of Python's `re`.
#[test]
fn the_naive_matcher_knows_res_rules() {
    use common::pattern::Greed::{Greedy, Lazy, Possessive};
    let a = || Box::new(Re::Set(&[('a', 'a')]));
    let any = || Box::new(Re::Set(&[('\0', '\u{10FFFF}')]));
    let find = |re: &Re, text: &str| naive::tokens(re, text, 10_000).unwrap();
    // re.findall('a*', 'baac') == ['', 'aa', '', '']
    assert_eq!(find(&Re::Repeat(a(), 0, None, Greedy), "baac"), ["", "aa", "", ""]);
    // re.findall('a*?', 'aa') == ['', 'a', '', 'a', '']
    assert_eq!(find(&Re::Repeat(a(), 0, None, Lazy), "aa"), ["", "a", "", "a", ""]);
    // re.findall('.*+a', 'xa') == [], re.findall('.*(a)', 'xaab') == ['a']
    assert_eq!(find(&Re::Seq(vec![Re::Repeat(any(), 0, None, Possessive), *a()]), "xa"), Vec::<String>::new());
    let group = Re::Seq(vec![Re::Repeat(any(), 0, None, Greedy), Re::Capture(a())]);
    assert_eq!(find(&group, "xaab"), ["a"]);
    // re.findall('(?:(a)|.)', 'ab') == ['a', '']
    assert_eq!(find(&Re::Alt(vec![Re::Capture(a()), *any()]), "ab"), ["a", ""]);
    // re.findall('(?<=a).', 'aab') == ['a', 'b'], re.findall('(?<!a).', 'aab') == ['a']
    let look = |negative| Re::Seq(vec![Re::Look(Some(1), negative, a()), *any()]);
    assert_eq!(find(&look(false), "aab"), ["a", "b"]);
    assert_eq!(find(&look(true), "aab"), ["a"]);
    // '(?:a+)+^' and its like end, but not with tokens.
    let endless = Re::Seq(vec![Re::Repeat(Box::new(Re::Repeat(a(), 1, None, Greedy)), 1, None, Greedy), Re::At(0)]);
    assert_eq!(naive::tokens(&endless, &"a".repeat(40), 10_000), None);
}
