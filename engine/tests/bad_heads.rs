//! Faults of unions, transforms, trees and heads with members: every one is an error with the right code, none a panic, a
//! hang or an answer.

mod common;

use common::container::{Parts, Tensor};
use common::spec::Spec;
use serde_json::{Value, json};
use wcw_engine::{Answers, Model};

const FILE: i32 = -2;
const UNSUPPORTED: i32 = -3;

/// Three features from the text, whatever stands behind the vectorizer.
fn seal(classes: usize, stages: &[Value], tensors: &[Tensor]) -> Vec<u8> {
    let spec = Spec { classes, ..Spec::words(&["good", "bad", "film"]) };
    let mut document = spec.document();
    let mut pipeline = vec![document["pipeline"][0].clone()];
    pipeline.extend_from_slice(stages);
    document["pipeline"] = json!(pipeline);
    let mut all: Vec<Tensor> = Tensor::texts("vocabulary", &["good", "bad", "film"]).to_vec();
    all.extend_from_slice(tensors);
    Parts::new(&document, &all).seal()
}

fn code(file: &[u8]) -> i32 {
    Model::load(file, false).err().map_or(0, |e| {
        assert!(e.to_string().len() > 10, "an error says what is wrong");
        e.code()
    })
}

/// Loads with these tensors, and is an error with each of the changed ones.
fn only_good(classes: usize, stages: &[Value], good: &[Tensor], bad: &[Tensor]) {
    assert_eq!(
        code(&seal(classes, stages, good)),
        0,
        "{stages:?}: {:?}",
        Model::load(&seal(classes, stages, good), false).err()
    );
    for tensor in bad {
        let mut tensors: Vec<Tensor> = good.iter().filter(|t| t.name != tensor.name).cloned().collect();
        tensors.push(tensor.clone());
        assert_eq!(code(&seal(classes, stages, &tensors)), FILE, "{tensor:?}");
    }
    for missing in good {
        let tensors: Vec<Tensor> = good.iter().filter(|t| t.name != missing.name).cloned().collect();
        assert_eq!(code(&seal(classes, stages, &tensors)), FILE, "without {}", missing.name);
    }
}

fn f(name: &str, shape: &[usize], value: f64) -> Tensor {
    Tensor::f64(name, shape, &vec![value; shape.iter().product()])
}

fn pairs(name: &str, numbers: &[u32]) -> Tensor {
    Tensor { shape: vec![numbers.len() / 2, 2], ..Tensor::u32(name, numbers) }
}

fn linear(prefix: &str) -> Value {
    json!({"stage": "linear", "kind": "linear", "link": "logistic", "label": "sign", "outputs": 1, "prefix": prefix})
}

fn weights(prefix: &str, features: usize) -> Vec<Tensor> {
    vec![f(&format!("{prefix}coef"), &[features, 1], 1.0), f(&format!("{prefix}intercept"), &[1], 0.5)]
}

fn with(mut tensors: Vec<Tensor>, more: &[Tensor]) -> Vec<Tensor> {
    tensors.extend_from_slice(more);
    tensors
}

#[test]
fn selections() {
    let none = u32::MAX;
    let stages = |n: i64| vec![json!({"stage": "select", "n_features": n}), linear("")];
    let good = with(weights("", 2), &[Tensor::u32("select", &[0, none, 1])]);
    let bad = [
        Tensor::u32("select", &[1, none, 0]),
        Tensor::u32("select", &[0, none, 2]),
        Tensor::u32("select", &[0, none, 0]),
        Tensor::u32("select", &[0, 1, 2]),
        Tensor::u32("select", &[0, none, none]),
        Tensor::u32("select", &[0, 1]),
        Tensor::u32("select", &[]),
        f("select", &[3], 0.0),
    ];
    only_good(2, &stages(2), &good, &bad);
    for n in [0, 1, 3, -1, 1 << 24, (1 << 24) + 1] {
        assert_eq!(code(&seal(2, &stages(n), &good)), FILE, "{n}");
    }
}

#[test]
fn scales_thresholds_and_combinations() {
    let scale = [json!({"stage": "scale"}), linear("")];
    let bad = [f("scale", &[2], 1.0), f("scale", &[3, 1], 1.0), f("scale", &[3], f64::NAN), f("scale", &[0], 1.0)];
    only_good(2, &scale, &with(weights("", 3), &[f("scale", &[3], 2.0)]), &bad);
    assert_eq!(code(&seal(2, &scale, &with(weights("", 3), &[f("scale", &[1], 2.0)]))), 0);
    let binarize = [json!({"stage": "binarize"}), linear("")];
    let bad = [f("threshold", &[1], -0.5), f("threshold", &[1], f64::NAN), f("threshold", &[1], f64::INFINITY)];
    only_good(2, &binarize, &with(weights("", 3), &[f("threshold", &[1], 0.0)]), &bad);
    let svd = |n: i64| vec![json!({"stage": "svd", "n_features": n}), linear("")];
    let bad = [f("components", &[2, 2], 1.0), f("components", &[3, 3], 1.0), f("components", &[3, 2], f64::NAN)];
    let good = with(weights("", 2), &[f("components", &[3, 2], 1.0)]);
    only_good(2, &svd(2), &good, &bad);
    for n in [0, 1, 3, 1 << 24, -2] {
        assert_eq!(code(&seal(2, &svd(n), &good)), FILE, "{n}");
    }
}

#[test]
fn unions() {
    let union = |branches: Value| {
        code(&seal(2, &[json!({"stage": "union", "branches": branches}), linear("")], &weights("", 6)))
    };
    assert_eq!(union(json!([[], [{"stage": "sublinear_tf"}]])), 0);
    let text = json!({"stage": "vectorize"});
    let many: Vec<Value> = vec![json!([]); 65];
    for branches in [json!([]), json!([[]]), json!([[], [], []]), json!([1, 2]), json!({}), json!(many)] {
        assert_eq!(union(branches.clone()), FILE, "{branches}");
    }
    assert_eq!(union(json!([[], [text]])), FILE, "a vectorizer among the transforms");
    assert_eq!(union(json!([[], [linear("")]])), UNSUPPORTED, "a branch with a head");
    // From text: every branch begins with a vectorizer.
    let spec = Spec::words(&["good", "bad", "film"]);
    let vectorize = spec.document()["pipeline"][0].clone();
    for (branches, expected) in [
        (json!([[vectorize], [vectorize]]), 0),
        (json!([[vectorize], []]), FILE),
        (json!([[vectorize], [{"stage": "sublinear_tf"}]]), UNSUPPORTED),
        (json!([[vectorize], [{"stage": "union", "branches": []}]]), FILE),
    ] {
        let mut document = spec.document();
        document["pipeline"] = json!([{"stage": "union", "branches": branches}, linear("")]);
        let tensors = with(Tensor::texts("vocabulary", &["good", "bad", "film"]).to_vec(), &weights("", 6));
        assert_eq!(code(&Parts::new(&document, &tensors).seal()), expected, "{branches}");
    }
}

#[test]
fn nested_too_deep() {
    let nest = |depth: usize| {
        let mut head = linear("");
        for _ in 1..depth {
            head = json!({"stage": "vote", "voting": "hard", "members": [[head]]});
        }
        code(&seal(2, &[head], &weights("", 3)))
    };
    assert_eq!([nest(8), nest(9), nest(12), nest(500)], [0, FILE, FILE, FILE]);
}

/// Feature 0 above 0.5: to node 2, else to the leaf 1; node 2 asks for feature 2.
fn tree() -> Vec<Tensor> {
    let none = u32::MAX;
    vec![
        Tensor::u32("tree.roots", &[0]),
        Tensor::u32("tree.feature", &[0, none, 2, none, none]),
        f("tree.threshold", &[5], 0.5),
        pairs("tree.children", &[1, 2, none, none, 3, 4, 0, 0, 7, 7]),
        f("tree.value", &[5, 2], 0.5),
    ]
}

#[test]
fn trees() {
    let stage =
        |trees: usize, outputs: usize| json!({"stage": "trees", "trees": trees, "outputs": outputs, "combine": "mean"});
    let none = u32::MAX;
    let bad = [
        pairs("tree.children", &[1, 2, none, none, 2, 4, 0, 0, 0, 0]),
        pairs("tree.children", &[1, 2, none, none, 0, 4, 0, 0, 0, 0]),
        pairs("tree.children", &[1, 2, none, none, 3, 5, 0, 0, 0, 0]),
        pairs("tree.children", &[1, 2, none, none, 3, 3, 0, 0, 0, 0]),
        pairs("tree.children", &[1, 2, none, none, 1, 4, 0, 0, 0, 0]),
        pairs("tree.children", &[1, none, none, none, 3, 4, 0, 0, 0, 0]),
        pairs("tree.children", &[1, 2, none, none]),
        Tensor::u32("tree.children", &[1, 2, none, none, 3, 4, 0, 0, 0, 0]),
        Tensor::u32("tree.feature", &[0, none, 3, none, none]),
        Tensor::u32("tree.feature", &[0, none, 2, none]),
        Tensor::u32("tree.feature", &[]),
        Tensor::u32("tree.roots", &[5]),
        Tensor::u32("tree.roots", &[2]),
        Tensor::u32("tree.roots", &[0, 0]),
        Tensor::u32("tree.roots", &[]),
        f("tree.threshold", &[5], f64::NAN),
        f("tree.threshold", &[4], 0.5),
        f("tree.value", &[5, 3], 0.5),
        f("tree.value", &[5], 0.5),
    ];
    only_good(2, &[stage(1, 2)], &tree(), &bad);
    for (trees, outputs) in [(0, 2), (2, 2), (1, 1), (1, 3), (1 << 25, 2)] {
        assert_eq!(code(&seal(2, &[stage(trees, outputs)], &tree())), FILE, "{trees} {outputs}");
    }
    let sum = json!({"stage": "trees", "trees": 1, "outputs": 1, "combine": "sum", "link": "logistic", "label": "sign_or_zero"});
    let mut good: Vec<Tensor> = tree().into_iter().filter(|t| t.name != "tree.value").collect();
    good.extend([f("tree.value", &[5], 0.5), Tensor::u32("tree.output", &[0]), f("tree.initial", &[1], 0.0)]);
    let bad = [
        Tensor::u32("tree.output", &[1]),
        Tensor::u32("tree.output", &[]),
        f("tree.initial", &[2], 0.0),
        f("tree.initial", &[1], f64::INFINITY),
    ];
    only_good(2, &[sum], &good, &bad);
}

#[test]
fn a_feature_beyond_float32_is_not_finite_to_trees() {
    let stages = [json!({"stage": "scale"}), json!({"stage": "trees", "trees": 1, "outputs": 2, "combine": "mean"})];
    let mut model = Model::load(&seal(2, &stages, &with(tree(), &[f("scale", &[1], 1e300)])), false).unwrap();
    let mut answers = Answers { scores: &mut [0.0; 2], probabilities: &mut [], labels: &mut [], known: &mut [] };
    assert_eq!(model.classify(std::iter::once("good"), &mut answers).unwrap_err().code(), -6);
    model.classify(std::iter::once("unknown"), &mut answers).unwrap();
}

#[test]
fn layers() {
    let stage =
        |sizes: Value, link: &str| json!({"stage": "layers", "activation": "relu", "sizes": sizes, "link": link});
    let good = [
        f("layer.0.coef", &[3, 4], 1.0),
        f("layer.0.intercept", &[4], 0.0),
        f("layer.1.coef", &[4, 1], 1.0),
        f("layer.1.intercept", &[1], 0.0),
    ];
    let bad = [
        f("layer.0.coef", &[3, 5], 1.0),
        f("layer.1.coef", &[3, 1], 1.0),
        f("layer.1.intercept", &[2], 0.0),
        f("layer.1.coef", &[4, 1], f64::NAN),
    ];
    only_good(2, &[stage(json!([4, 1]), "logistic")], &good, &bad);
    for sizes in [
        json!([]),
        json!([4, 2]),
        json!([0, 1]),
        json!([4, 1, 1]),
        json!([65_537, 1]),
        json!([4.5, 1]),
        json!(4),
        json!(vec![1; 257]),
    ] {
        assert_eq!(code(&seal(2, &[stage(sizes.clone(), "logistic")], &good)), FILE, "{sizes}");
    }
    assert_eq!(code(&seal(2, &[stage(json!([4, 1]), "softmax")], &good)), FILE);
    assert_eq!(code(&seal(2, &[stage(json!([4, 1]), "each")], &good)), FILE);
    assert_eq!(code(&seal(3, &[stage(json!([4, 1]), "logistic")], &good)), FILE);
}

#[test]
fn centroids() {
    let stage = json!({"stage": "distances", "metric": "euclidean", "outputs": 2, "label": "nearest", "link": "none"});
    let good = [f("centroids", &[3, 2], 1.0)];
    let bad = [f("centroids", &[3, 3], 1.0), f("centroids", &[2, 2], 1.0), f("centroids", &[3, 2], f64::NAN)];
    only_good(2, std::slice::from_ref(&stage), &good, &bad);
    let scaled = [good[0].clone(), f("deviations", &[3], 1.0), f("constants", &[2], 0.0)];
    assert_eq!(code(&seal(2, std::slice::from_ref(&stage), &scaled)), 0);
    for tensor in [f("deviations", &[2], 1.0), f("deviations", &[3], f64::NAN)] {
        assert_eq!(code(&seal(2, std::slice::from_ref(&stage), &[good[0].clone(), tensor, scaled[2].clone()])), FILE);
    }
    assert_eq!(code(&seal(2, std::slice::from_ref(&stage), &scaled[..2])), FILE, "deviations without constants");
    assert_eq!(code(&seal(3, &[stage], &good)), FILE);
}

#[test]
fn constants() {
    let stage = [json!({"stage": "constant"})];
    let good = [f("probabilities", &[2], 0.5), Tensor::u32("labels", &[1])];
    let bad = [
        Tensor::u32("labels", &[2]),
        Tensor::u32("labels", &[0, 1]),
        Tensor::u32("labels", &[]),
        f("probabilities", &[3], 0.5),
        f("probabilities", &[2], f64::NAN),
    ];
    only_good(2, &stage, &good, &bad);
    assert_eq!(code(&seal(1, &stage, &[f("probabilities", &[1], 1.0), Tensor::u32("labels", &[0])])), 0);
    assert_eq!(code(&seal(1, &[linear("")], &weights("", 3))), FILE, "one class for another head");
}

#[test]
fn calibrators() {
    let stage = |method: &str, input: &str| {
        [json!({"stage": "calibrated", "members": [
            {"pipeline": [linear("a.")], "method": method, "input": input, "prefix": "m."}]})]
    };
    let good = with(weights("a.", 3), &[f("m.slope", &[1], -1.0), f("m.offset", &[1], 0.0)]);
    let bad = [f("m.slope", &[2], 1.0), f("m.offset", &[1], f64::NAN)];
    only_good(2, &stage("sigmoid", "decision"), &good, &bad);
    assert_eq!(code(&seal(2, &stage("sigmoid", "probability"), &good)), 0);
    assert_eq!(code(&seal(3, &stage("sigmoid", "decision"), &good)), FILE, "a binary member of three classes");
    assert_eq!(code(&seal(2, &stage("temperature", "decision"), &good)), UNSUPPORTED);
    let points = |x: &[f64]| Tensor::f64("m.x", &[x.len()], x);
    let good = with(weights("a.", 3), &[points(&[-1.0, 1.0]), f("m.y", &[2], 0.5), Tensor::u32("m.knots", &[0, 2])]);
    let bad = [
        points(&[1.0, -1.0]),
        points(&[1.0]),
        points(&[]),
        Tensor::u32("m.knots", &[0, 1]),
        Tensor::u32("m.knots", &[1, 2]),
        Tensor::u32("m.knots", &[0, 3]),
        Tensor::u32("m.knots", &[0, 0, 2]),
        Tensor::u32("m.knots", &[0]),
    ];
    only_good(2, &stage("isotonic", "decision"), &good, &bad);
}

#[test]
fn members_that_do_not_fit() {
    let argmax = |prefix: &str| json!({"stage": "linear", "kind": "naive_bayes", "link": "softmax", "label": "argmax", "outputs": 3, "prefix": prefix});
    let three = [f("b.coef", &[3, 3], 1.0), f("b.intercept", &[3], 0.0)];
    let tensors = with(weights("a.", 3), &three);
    let (two, many) = (json!([linear("a.")]), json!([argmax("b.")]));
    let vote = |members: Value, voting: &str| json!({"stage": "vote", "voting": voting, "members": members});
    for voting in ["soft", "hard"] {
        assert_eq!(code(&seal(2, &[vote(json!([two]), voting)], &tensors)), 0);
        assert_eq!(code(&seal(3, &[vote(json!([many]), voting)], &tensors)), 0);
        assert_eq!(code(&seal(3, &[vote(json!([many, two]), voting)], &tensors)), FILE);
        assert_eq!(code(&seal(2, &[vote(json!([]), voting)], &tensors)), FILE);
        assert_eq!(code(&seal(2, &[vote(json!([1]), voting)], &tensors)), FILE);
        let heavy = with(tensors.clone(), &[f("weights", &[2], 1.0)]);
        assert_eq!(code(&seal(2, &[vote(json!([two]), voting)], &heavy)), FILE);
    }
    let nothing = with(tensors.clone(), &[f("weights", &[1], 0.0)]);
    assert_eq!(code(&seal(2, &[vote(json!([two]), "soft")], &nothing)), FILE, "weights that add up to 0");
    let silent =
        json!([{"stage": "linear", "kind": "linear", "link": "none", "label": "sign", "outputs": 1, "prefix": "a."}]);
    assert_eq!(code(&seal(2, &[vote(json!([silent]), "soft")], &tensors)), FILE);
    assert_eq!(code(&seal(2, &[vote(json!([silent]), "hard")], &tensors)), 0);
    let rest = |members: Value, label: &str, input: &str| json!({"stage": "one_vs_rest", "members": members, "label": label, "input": input, "divide": true});
    for (classes, members, label, input, expected) in [
        (3, json!([two, two, two]), "argmax", "decision", 0),
        (3, json!([two, two, two]), "argmax_last", "probability", 0),
        (2, json!([two]), "sign", "decision", 0),
        (2, json!([two, two]), "argmax", "decision", FILE),
        (2, json!([two]), "argmax", "decision", FILE),
        (3, json!([two, two]), "argmax", "decision", FILE),
        (3, json!([two, two, many]), "argmax", "decision", FILE),
        (3, json!([two, two, two]), "each", "decision", FILE),
        (3, json!([two, two, silent]), "argmax", "decision", 0),
        (3, json!([two, two, silent]), "argmax", "probability", FILE),
    ] {
        assert_eq!(
            code(&seal(classes, &[rest(members.clone(), label, input)], &tensors)),
            expected,
            "{classes} {members} {label}"
        );
    }
    let pairs = |n: usize| json!({"stage": "one_vs_one", "members": vec![two.clone(); n], "input": "decision"});
    for (classes, n, expected) in [(2, 1, 0), (3, 3, 0), (3, 2, FILE), (4, 3, FILE), (4, 6, 0)] {
        assert_eq!(code(&seal(classes, &[pairs(n)], &tensors)), expected, "{n} pairs of {classes} classes");
    }
}

#[test]
fn targets_and_outputs() {
    let load = |change: &dyn Fn(&mut Value), stages: &[Value], tensors: &[Tensor]| {
        let mut parts = Parts::read(&seal(2, stages, tensors)).unwrap();
        let mut document: Value = serde_json::from_str(&parts.document).unwrap();
        change(&mut document);
        parts.document = document.to_string();
        code(&parts.seal())
    };
    let stages = [linear("")];
    let tensors = weights("", 3);
    let outputs = |k: usize, p: usize, l: usize| {
        move |d: &mut Value| d["outputs"] = json!({"scores": k, "probabilities": p, "labels": l})
    };
    assert_eq!(load(&outputs(1, 2, 1), &stages, &tensors), 0);
    for (k, p, l) in [(2, 2, 1), (1, 0, 1), (1, 2, 2)] {
        assert_eq!(load(&outputs(k, p, l), &stages, &tensors), FILE, "{k} {p} {l}");
    }
    assert_eq!(load(&|d| d["outputs"] = json!([]), &stages, &tensors), FILE);
    assert_eq!(load(&|d| d["targets"] = json!("ranking"), &stages, &tensors), UNSUPPORTED);
    assert_eq!(load(&|d| d["targets"] = json!("multilabel"), &stages, &tensors), FILE);
    assert_eq!(load(&|d| d["targets"] = json!("multioutput"), &stages, &tensors), FILE);
    let each = [json!({"stage": "linear", "kind": "linear", "link": "each", "label": "each", "outputs": 2})];
    let two = [f("coef", &[3, 2], 1.0), f("intercept", &[2], 0.0)];
    assert_eq!(load(&|d| d["targets"] = json!("multilabel"), &each, &two), 0);
    assert_eq!(load(&|_| (), &each, &two), FILE);
    let several = |sizes: &'static [usize]| {
        move |d: &mut Value| {
            let classes = |n: &usize| json!({"type": "int", "values": (0..*n).collect::<Vec<_>>()});
            d["targets"] = json!("multioutput");
            d["classes"] = json!(sizes.iter().map(classes).collect::<Vec<_>>());
        }
    };
    let multi = [json!({"stage": "multi_output", "members": [[linear("")], [linear("")]]})];
    assert_eq!(load(&several(&[2, 2]), &multi, &tensors), 0);
    for sizes in [&[2, 3][..], &[2], &[2, 2, 2], &[], &[2, 0]] {
        let sizes: &'static [usize] = sizes.to_vec().leak();
        assert_eq!(load(&several(sizes), &multi, &tensors), FILE, "{sizes:?}");
    }
    assert_eq!(load(&|_| (), &multi, &tensors), FILE, "several outputs for a single one");
}

#[test]
#[ignore = "takes a minute: it asks for as much memory as is allowed"]
fn one_tensor_asked_for_until_memory_is_exhausted() {
    // Sixteen million counters each, from a file of a few kB.
    let spec = Spec { vocabulary: None, n_features: 1 << 24, ..Spec::words(&["x"]) };
    let vectorize = spec.document()["pipeline"][0].clone();
    let mut document = spec.document();
    let member = json!([vectorize, {"stage": "constant"}]);
    document["pipeline"] = json!([{"stage": "vote", "voting": "hard", "members": vec![member; 64]}]);
    let tensors = [f("probabilities", &[2], 0.5), Tensor::u32("labels", &[1])];
    assert_eq!(code(&Parts::new(&document, &tensors).seal()), FILE);
}
