//! Any text against a few models that between them have every analyzer and method. The engine has two ways to a text's
//! features, the fast one of `classify` and the general one of explanations and stages: they must agree, and so must a
//! text alone and the same text after another one.

#![no_main]

#[path = "../../tests/common/container.rs"]
#[allow(dead_code)]
mod container;
#[path = "../../tests/common/pattern/mod.rs"]
#[allow(dead_code)]
mod pattern;
#[path = "../../tests/common/spec.rs"]
#[allow(dead_code)]
mod spec;

use libfuzzer_sys::{Corpus, fuzz_target};
use spec::{Spec, Step};
use std::cell::RefCell;
use std::collections::HashSet;
use wcw_engine::unicode::Version;
use wcw_engine::{Answers, Model};

struct Case {
    spec: Spec,
    entries: HashSet<String>,
    model: Model,
}

fn case(vocabulary: &[&str], change: impl Fn(&mut Spec)) -> Case {
    let mut spec = Spec::words(vocabulary);
    change(&mut spec);
    // Weights that differ, so that a feature that is lost or doubled shows.
    spec.coef = (0..spec.n_features).map(|i| (i as f64 + 1.3).sin()).collect();
    let entries = spec.vocabulary.iter().flatten().cloned().collect();
    let model = spec.model();
    Case { spec, entries, model }
}

fn cases() -> Vec<Case> {
    let words = [
        "not",
        "good",
        "not good",
        "good film",
        "very not good",
        "incomprehensibilities",
        "συσ",
        "ς",
        "é",
        "不好",
        "x",
        "a b c d",
    ];
    let chars = [
        "a", "b", " ", "ab", "a ", "\n", "abc", "abcd", "bcdef", "Σ", "σ", "好", "不好", "\u{301}", "\0", "ss",
        "i\u{307}",
    ];
    let within = [" a ", " ab", "ab ", "abc", " abc", "abc ", " abc ", " 好 ", "ing ", " x", "σς"];
    vec![
        case(&words, |s| s.ngrams = (1, 3)),
        case(&words, |s| {
            (s.ngrams, s.min_chars, s.accents, s.float32) = ((1, 4), 1, Some("unicode"), true);
            s.stop_words = vec!["the".into(), "a".into()];
        }),
        case(&chars, |s| (s.ngrams, s.analyzer) = ((1, 5), "char")),
        case(&chars, |s| (s.ngrams, s.analyzer, s.accents, s.unicode) = ((2, 3), "char", Some("ascii"), Version::V16)),
        case(&within, |s| (s.ngrams, s.analyzer, s.float32) = ((2, 5), "char_wb", true)),
        case(&within, |s| (s.ngrams, s.analyzer, s.lowercase) = ((5, 6), "char_wb", false)),
        case(&["x"; 16], |s| {
            (s.vocabulary, s.alternate_sign, s.ngrams) = (None, true, (1, 2));
            s.transforms = vec![Step::Norm("l2")];
        }),
    ]
}

thread_local! {
    static CASES: RefCell<Vec<Case>> = RefCell::new(cases());
}

fn score(model: &mut Model, texts: [&str; 2]) -> ([u64; 2], [u32; 2]) {
    let (mut scores, mut known) = ([f64::NAN; 2], [0; 2]);
    let mut answers = Answers { scores: &mut scores, probabilities: &mut [], labels: &mut [], known: &mut known };
    model.classify(texts.into_iter(), &mut answers).expect("finite weights");
    (scores.map(f64::to_bits), known)
}

fn check(case: &mut Case, text: &str) {
    let Case { spec, entries, model } = case;
    let (scores, known) = score(model, [text, text]);
    assert_eq!((scores[0], known[0]), (scores[1], known[1]), "a text leaves nothing behind");
    let explanation = model.explain(text).expect("what has a score has an explanation");
    assert_eq!(explanation.scores[1].to_bits(), scores[0], "both ways to the score");
    let sum: f64 = explanation.weights.iter().skip(1).step_by(2).sum::<f64>() + explanation.remainder[1];
    let size: f64 = explanation.weights.iter().map(|w| w.abs()).sum::<f64>() + 1.0;
    assert!((sum - explanation.scores[1]).abs() <= size * 1e-12, "{sum} for {}", explanation.scores[1]);
    let (chars, units) = (text.chars().count() as u32, text.encode_utf16().count() as u32);
    for span in &explanation.spans {
        assert!(
            span.chars.0 <= span.chars.1
                && span.chars.1 <= chars
                && span.utf16.0 <= span.utf16.1
                && span.utf16.1 <= units
        );
    }
    // Every n-gram that is an entry is a span, in order; the features are the different ones among them.
    let ngrams = model.ngrams(0, text).expect("a vectorizer");
    let mut spans = explanation.spans.iter().map(|s| &explanation.ngrams[s.ngram.0 as usize..][..s.ngram.1 as usize]);
    let mut different = HashSet::new();
    for w in ngrams.offsets.windows(2) {
        let ngram = std::str::from_utf8(&ngrams.bytes[w[0] as usize..w[1] as usize]).expect("n-grams are UTF-8");
        if spec.vocabulary.is_none() || entries.contains(ngram) {
            assert_eq!(spans.next(), Some(ngram.as_bytes()));
            different.insert(ngram.to_owned());
        }
    }
    assert_eq!(spans.next(), None);
    if spec.vocabulary.is_some() {
        assert_eq!(different.len(), known[0] as usize, "the fast way found the same features");
    }
    assert!(std::str::from_utf8(model.normalized(0, text).expect("a vectorizer")).is_ok());
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(input) else { return Corpus::Reject };
    CASES.with_borrow_mut(|cases| cases.iter_mut().for_each(|case| check(case, text)));
    Corpus::Keep
});
