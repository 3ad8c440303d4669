//! The engine against the naive oracle of common/oracle.rs: random models, random texts, the same bits.

mod common;

use common::batch::{Batch, answers, classify};
use common::spec::{Spec, Step};
use common::{definitions, links, oracle, strategies};
use proptest::collection::vec;
use proptest::prelude::*;
use wcw_engine::{Error, Model, Strings};

fn list(strings: &Strings) -> Vec<String> {
    let piece = |w: &[u32]| String::from_utf8(strings.bytes[w[0] as usize..w[1] as usize].to_vec()).unwrap();
    strings.offsets.windows(2).map(piece).collect()
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    // +0 and −0 are the same score.
    numbers.iter().map(|x| (x + 0.0).to_bits()).collect()
}

/// The first of the largest, or the sign of one.
fn label(scores: &[f64]) -> usize {
    match scores {
        [s] => usize::from(*s > 0.0),
        s => (0..s.len()).fold(0, |best, k| if s[k] > s[best] { k } else { best }),
    }
}

/// How far a score may be from the oracle's: nothing, or the promise of float32.
fn allowed(spec: &Spec, (score, magnitude): (f64, f64)) -> f64 {
    if spec.float32 { magnitude / f64::from(1 << 23) + score.abs() * f64::EPSILON } else { 0.0 }
}

fn check_text(spec: &Spec, model: &mut Model, text: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(
        String::from_utf8_lossy(model.normalized(0, text).unwrap()),
        definitions::normalize(spec, text),
        "normalize"
    );
    prop_assert_eq!(list(&model.tokens(0, text).unwrap()), oracle::tokens(spec, text), "tokens");
    prop_assert_eq!(list(&model.ngrams(0, text).unwrap()), oracle::ngrams(spec, text), "ngrams");

    let expected = oracle::scores(spec, text);
    let row = oracle::features(spec, text);
    let answer = classify(model, &[text.to_owned()]);
    if expected.iter().any(|(s, _)| !s.is_finite()) {
        prop_assert_eq!(answer.err().map(|e| e.code()), Some(-6), "scores that are not finite");
        prop_assert_eq!(model.explain(text).err().map(|e| e.code()), Some(-6));
        return Ok(());
    }
    let answer = answer.map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert_eq!(answer.known[0] as usize, row.len(), "known features");

    let wcw_engine::Row { indices, values, .. } = model.features(0, text).unwrap();
    let mut found: Vec<(usize, f64)> = indices.iter().map(|&i| i as usize).zip(values.iter().copied()).collect();
    if spec.float32 {
        found.sort_by_key(|f| f.0);
        for (&(i, x), (&j, &y)) in found.iter().zip(&row) {
            prop_assert_eq!(i, j);
            prop_assert!((x - y).abs() <= 1e-14 * y.abs(), "feature {}: {} for {}", i, x, y);
        }
    } else {
        let row: Vec<(usize, f64)> = row.into_iter().collect();
        let split = |row: &[(usize, f64)]| -> (Vec<usize>, Vec<f64>) { row.iter().copied().unzip() };
        prop_assert_eq!(split(&found).0, split(&row).0, "feature indices, ascending");
        prop_assert_eq!(bits(&split(&found).1), bits(&split(&row).1), "feature values");
    }

    for (k, (&got, &want)) in answer.scores.iter().zip(&expected).enumerate() {
        let off = (got - want.0).abs();
        prop_assert!(off <= allowed(spec, want), "score {}: {:e} for {:e}, off by {:e}", k, got, want.0, off);
    }
    if !spec.float32 {
        let exact: Vec<f64> = expected.iter().map(|s| s.0).collect();
        prop_assert_eq!(bits(&answer.scores), bits(&exact));
        prop_assert_eq!(answer.labels[0] as usize, label(&exact));
    }
    prop_assert_eq!(answer.labels[0] as usize, label(&answer.scores), "the label follows the scores");
    match links::probabilities(spec.link, &answer.scores) {
        None => prop_assert!(answer.probabilities.is_empty(), "no link, no probabilities"),
        Some(p) => {
            for (got, want) in answer.probabilities.iter().zip(p) {
                prop_assert!((got - want).abs() <= 1e-14, "probability {} for {}", got, want);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 3000, ..ProptestConfig::default() })]

    #[test]
    fn engine_is_the_oracle(spec in strategies::spec(), texts in vec(strategies::text(), 1..7)) {
        let mut model = spec.model();
        for text in &texts {
            check_text(&spec, &mut model, text)?;
        }
    }

    /// A table from the file answers like a table built at load, and a batch like its texts one by one.
    #[test]
    fn table_in_the_file_and_batches(spec in strategies::spec(), texts in vec(strategies::text(), 1..7)) {
        let mut built = spec.model();
        let file = spec.parts_with_table().seal();
        let mut loaded = Model::load(&file, false).unwrap();
        prop_assert_eq!(built.table_bytes(0).unwrap(), loaded.table_bytes(0).unwrap());
        let single: Vec<_> = texts.iter().map(|text| classify(&mut built, std::slice::from_ref(text))).collect();
        match classify(&mut loaded, &texts) {
            Ok(batch) => {
                let single: Vec<Batch> = single.into_iter().map(|b| b.unwrap_or_else(|e| panic!("alone: {e}"))).collect();
                let joined = |of: fn(&Batch) -> &Vec<f64>| bits(&single.iter().flat_map(|b| of(b).clone()).collect::<Vec<_>>());
                prop_assert_eq!(bits(&batch.scores), joined(|b| &b.scores));
                prop_assert_eq!(bits(&batch.probabilities), joined(|b| &b.probabilities));
                prop_assert_eq!(batch.labels, single.iter().map(|b| b.labels[0]).collect::<Vec<_>>());
                prop_assert_eq!(batch.known, single.iter().map(|b| b.known[0]).collect::<Vec<_>>());
            }
            Err(error) => prop_assert_eq!(error.code(), single.iter().find_map(|b| b.as_ref().err()).map_or(0, Error::code)),
        }
    }

    #[test]
    fn explanations_add_up_and_lie_on_their_characters(spec in strategies::spec(), text in strategies::text()) {
        let mut model = spec.model();
        let Ok(answer) = classify(&mut model, std::slice::from_ref(&text)) else { return Ok(()) };
        let explanation = model.explain(&text).unwrap();
        // Once more after it: explaining leaves nothing behind.
        prop_assert_eq!(bits(&classify(&mut model, std::slice::from_ref(&text)).unwrap().scores), bits(&answer.scores));

        let classes = spec.classes;
        let columns = |s: &[f64]| if let [s] = s { vec![-s, *s] } else { s.to_vec() };
        prop_assert_eq!(bits(&explanation.scores), bits(&columns(&answer.scores)), "explain and classify give one score");
        prop_assert_eq!(explanation.weights.len(), explanation.spans.len() * classes);
        for class in 0..classes {
            let weights = || explanation.weights.iter().skip(class).step_by(classes);
            let sum: f64 = weights().sum::<f64>() + explanation.remainder[class];
            let size: f64 = weights().map(|w| w.abs()).sum::<f64>() + explanation.scores[class].abs();
            prop_assert!((sum - explanation.scores[class]).abs() <= size * 1e-14, "{} for {}", sum, explanation.scores[class]);
            // What no span explains is the intercept.
            let k = if classes == 2 && spec.outputs() == 1 { 0 } else { class };
            let intercept = if spec.outputs() == 1 && class == 0 { -spec.intercept[k] } else { spec.intercept[k] };
            let cancelled = spec.alternate_sign && !spec.transforms.is_empty();
            prop_assert!(cancelled || (explanation.remainder[class] - intercept).abs() <= size * 1e-13 + 1e-300, "remainder");
        }

        let expected = oracle::occurrences(&spec, &text);
        let row = oracle::features(&spec, &text);
        prop_assert_eq!(explanation.spans.len(), expected.len());
        let chars: Vec<char> = text.chars().collect();
        let utf16 = |at: u32| chars[..at as usize].iter().map(|c| c.len_utf16()).sum::<usize>();
        for (i, (span, (ngram, feature, sign))) in explanation.spans.iter().zip(&expected).enumerate() {
            let bytes = &explanation.ngrams[span.ngram.0 as usize..][..span.ngram.1 as usize];
            prop_assert_eq!(String::from_utf8_lossy(bytes), ngram.as_str());
            let (start, end) = span.chars;
            prop_assert!(start <= end && end as usize <= chars.len(), "{:?} outside of {} characters", span, chars.len());
            prop_assert_eq!((span.utf16.0 as usize, span.utf16.1 as usize), (utf16(start), utf16(end)));
            let slice = &chars[start as usize..end as usize];
            prop_assert!(on_its_characters(&spec, slice, ngram), "{:?} is not on {:?}", ngram, slice);
            // The contribution of a feature, shared by its occurrences.
            let of_feature = || expected.iter().filter(|o| o.1 == *feature);
            let count: f64 = of_feature().map(|o| o.2).sum();
            let share = if spec.binary || count == 0.0 { 1.0 / of_feature().count() as f64 } else { sign / count };
            for class in 0..classes {
                let k = if spec.outputs() == 1 { 0 } else { class };
                let weight = spec.coef[feature * spec.outputs() + k] * if spec.outputs() == 1 && class == 0 { -1.0 } else { 1.0 };
                let want = row[feature] * weight * share;
                let got = explanation.weights[i * classes + class];
                let tolerance = if spec.float32 { 1.0 / f64::from(1 << 23) } else { 1e-13 };
                prop_assert!((got - want).abs() <= want.abs() * tolerance, "weight {} for {}", got, want);
            }
        }
    }
}

/// Whether the slice of the original text holds the n-gram, and nothing at its ends that the n-gram does not need.
fn on_its_characters(spec: &Spec, slice: &[char], ngram: &str) -> bool {
    // A sigma's form depends on what stands around the slice.
    let plain = |s: &str| s.replace('ς', "σ");
    let holds = |slice: &[char]| {
        let text = String::from_iter(slice);
        let pieces = oracle::tokens(spec, &text);
        if spec.analyzer == "word" {
            plain(&format!(" {} ", pieces.join(" "))).contains(&plain(&format!(" {ngram} ")))
        } else if spec.analyzer == "char_wb" {
            plain(&pieces.concat()).contains(plain(ngram).trim_matches(' '))
        } else {
            plain(&pieces.concat()).contains(&plain(ngram))
        }
    };
    match slice {
        [] => ngram == " " && spec.analyzer == "char_wb",
        [_] => holds(slice),
        [_, middle @ .., _] if middle.is_empty() || spec.analyzer == "char" => holds(slice),
        [_, rest @ ..] => holds(slice) && !holds(rest) && !holds(&slice[..slice.len() - 1]),
    }
}

/// The oracle itself, on answers written down by hand from scikit-learn's documentation.
#[test]
fn oracle_knows_scikit_learns_rules() {
    let mut spec = Spec::words(&["not good", "good", "film"]);
    spec.ngrams = (1, 2);
    assert_eq!(oracle::ngrams(&spec, "Not a GOOD film!"), ["not", "good", "film", "not good", "good film"]);
    spec.stop_words = vec!["good".into()];
    assert_eq!(oracle::ngrams(&spec, "Not a GOOD film!"), ["not", "film", "not film"]);
    spec.analyzer = "char_wb";
    spec.ngrams = (4, 5);
    assert_eq!(oracle::ngrams(&spec, "ab  abc"), [" ab ", " abc", "abc ", " abc "]);
    spec.ngrams = (5, 6);
    assert_eq!(oracle::ngrams(&spec, "ab\tabc"), [" ab ", " abc "]);
    spec.analyzer = "char";
    spec.ngrams = (2, 2);
    assert_eq!(oracle::ngrams(&spec, "a \t b\n"), ["a ", " b", "b\n"]);
    spec.transforms = vec![Step::Norm("l2")];
    spec.vocabulary = Some(vec!["ab".into(), "ba".into(), "zz".into()]);
    let row = oracle::features(&spec, "abab");
    assert_eq!(row.into_iter().collect::<Vec<_>>(), [(0, 2.0 / 5f64.sqrt()), (1, 1.0 / 5f64.sqrt())]);
    spec.vocabulary = None;
    spec.n_features = 1 << 20;
    spec.alternate_sign = true;
    spec.transforms.clear();
    spec.analyzer = "word";
    spec.stop_words.clear();
    spec.ngrams = (1, 1);
    // HashingVectorizer(norm=None).transform(["hello"]) and (["世界"]) of scikit-learn 1.9.1.
    assert_eq!(oracle::features(&spec, "hello").into_iter().collect::<Vec<_>>(), [(784_967, 1.0)]);
    assert_eq!(oracle::features(&spec, "世界").into_iter().collect::<Vec<_>>(), [(6486, -1.0)]);
}

proptest! {
    // Each of them classifies hundreds of texts twice.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    /// Texts with zeros between them answer like texts one by one, wherever they are parted while they are read; fewer are
    /// answered where fewer are asked for, and missing ones are empty.
    #[test]
    fn texts_with_zeros_between(
        spec in strategies::spec(), some in vec(strategies::text(), 1..7), times in 1..60_usize, asked in -3..4_isize,
    ) {
        let mut model = spec.model();
        let some: Vec<String> = some.iter().map(|text| text.replace('\0', "-")).collect();
        let mut texts: Vec<String> = some.iter().cycle().take(some.len() * times).cloned().collect();
        let all = texts.join("\0");
        texts.resize(texts.len().saturating_add_signed(asked), String::new());
        let mut read = 0;
        let joined = answers(&mut model, texts.len(), |model, answers| {
            read = model.classify_joined(&all, texts.len(), answers)?;
            Ok(())
        });
        match (classify(&mut model, &texts), joined) {
            (Ok(one_by_one), Ok(joined)) => {
                let taken: usize = texts.iter().map(|text| text.len() + 1).sum();
                prop_assert_eq!(read, all.len().min(taken.saturating_sub(1)));
                prop_assert_eq!(bits(&joined.scores), bits(&one_by_one.scores));
                prop_assert_eq!(bits(&joined.probabilities), bits(&one_by_one.probabilities));
                prop_assert_eq!(joined.labels, one_by_one.labels);
                prop_assert_eq!(joined.known, one_by_one.known);
            }
            (Err(one_by_one), Err(joined)) => prop_assert_eq!(one_by_one.to_string(), joined.to_string()),
            (one_by_one, joined) => panic!("{:?} or {:?}", one_by_one.err(), joined.err()),
        }
    }
}

/// What was read before changes no answer, not even where more words came than are kept of them.
#[test]
fn earlier_words_change_no_answer() {
    let syllables = ["ka", "né", "ри", "語", "z", "ou", "tt", "-"];
    let word = |i: usize| (0..6).map(|place| syllables[i >> (3 * place) & 7]).collect::<String>();
    let long = "ri".repeat(17);
    let vocabulary = [" k", "ka", "né", "ри", "語 ", "ou", "t", "kan", "riri", " ", "zk", "-z"];
    for float32 in [false, true] {
        let spec = Spec {
            analyzer: "char_wb",
            coef: (0..3 * vocabulary.len()).map(|i| (i as f64 * 0.37).sin()).collect(),
            ngrams: (1, 4),
            float32,
            intercept: vec![0.1, -0.2, 0.3],
            classes: 3,
            link: "softmax",
            transforms: vec![
                Step::Idf((1..=vocabulary.len()).map(|i| 1.0 + i as f64 / 7.0).collect()),
                Step::Norm("l2"),
            ],
            ..Spec::words(&vocabulary)
        };
        let text = |i: usize| format!("{} {long} {}\u{3000}{} {}", word(i), word(8 * i + 3), word(7 * i), word(i));
        let mut used = spec.model();
        for i in 0..1 << 15 {
            let answer = classify(&mut used, &[text(i)]).unwrap();
            if i % 1999 == 0 || i > (1 << 15) - 4 {
                let fresh = classify(&mut spec.model(), &[text(i)]).unwrap();
                assert_eq!(bits(&answer.scores), bits(&fresh.scores), "text {i}, float32: {float32}");
                assert_eq!(answer.known, fresh.known);
                check_text(&spec, &mut used, &text(i)).unwrap();
            }
        }
    }
}
