//! Random models of every stage. What is chosen comes from a list of small numbers, all 0 when it is used up: so a model
//! that fails shrinks to the simplest one that still does.

use super::super::spec::{Spec, Step};
use super::super::strategies::{self, number};
use super::trees::{Tree, Trees};
use super::{Calibrated, Calibrators, Matrix, Pipe, Stage, Targets, Wide};
use proptest::collection::vec;
use proptest::prelude::*;

/// What is asked of a head.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Any,
    /// Probabilities.
    Sure,
    /// One score for two classes, else one a class.
    Scores,
}

struct Maker {
    specs: Vec<Spec>,
    choices: Vec<u16>,
    chosen: usize,
    seed: u64,
}

pub fn model() -> impl Strategy<Value = Wide> {
    (vec(strategies::patterned(), 1..4), vec(any::<u16>(), 0..400), any::<u64>()).prop_map(
        |(mut specs, choices, seed)| {
            let unicode = specs[0].unicode;
            for spec in &mut specs {
                (spec.float32, spec.unicode) = (false, unicode);
            }
            let mut maker = Maker { specs, choices, chosen: 0, seed };
            let targets = match maker.below(6) {
                4 => Targets::Multilabel(1 + maker.below(4)),
                5 => Targets::Multioutput((0..1 + maker.below(3)).map(|_| 2 + maker.below(3)).collect()),
                _ => Targets::Single(2 + maker.below(3)),
            };
            let pipe = maker.with_front(&targets, Want::Any, 0);
            Wide { pipe, targets, unicode }
        },
    )
}

impl Maker {
    fn below(&mut self, n: usize) -> usize {
        self.chosen += 1;
        usize::from(self.choices.get(self.chosen - 1).copied().unwrap_or(0)) % n
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn numbers(&mut self, n: usize) -> Vec<f64> {
        self.seed = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(self.chosen as u64);
        (0..n).map(|i| number(self.seed, i)).collect()
    }

    fn matrix(&mut self, rows: usize, columns: usize) -> Matrix {
        self.numbers(rows * columns).chunks(columns).map(<[f64]>::to_vec).collect()
    }

    fn vectorizer(&mut self) -> (Pipe, usize) {
        let mut spec = self.specs[self.chosen % self.specs.len()].clone();
        if spec.vocabulary.is_none() {
            spec.n_features = spec.n_features % 97 + 1;
            spec.transforms.retain(|step| !matches!(step, Step::Idf(_)));
        }
        let width = spec.n_features;
        (vec![Stage::Vectorize(Box::new(spec))], width)
    }

    /// From a text to a row.
    fn front(&mut self, depth: usize) -> (Pipe, usize) {
        if depth < 2 && self.below(3) == 2 {
            let branches: Vec<(Pipe, usize)> = (0..1 + self.below(3)).map(|_| self.branch(None, depth)).collect();
            let width = branches.iter().map(|branch| branch.1).sum();
            return (vec![Stage::Union(branches.into_iter().map(|branch| branch.0).collect())], width);
        }
        self.vectorizer()
    }

    /// A branch, most often with a weight at its end.
    fn branch(&mut self, around: Option<usize>, depth: usize) -> (Pipe, usize) {
        let (mut pipe, width) = around.map_or_else(|| self.front(depth + 1), |width| (Vec::new(), width));
        let width = self.transforms(&mut pipe, width, depth + 1);
        if self.below(2) == 1 {
            pipe.push(Stage::Scale(self.numbers(1)));
        }
        (pipe, width)
    }

    fn transforms(&mut self, pipe: &mut Pipe, mut width: usize, depth: usize) -> usize {
        for _ in 0..self.below(4) {
            let stage = match self.below(7) {
                0 => Stage::Step(Step::Norm(self.one_of(&["l2", "l1", "max"]))),
                1 => Stage::Scale(self.numbers(width)),
                2 => Stage::Step(Step::Idf(self.numbers(width))),
                3 => Stage::Binarize(self.one_of(&[0.0, 1.0, 0.25])),
                4 => {
                    let gone = self.below(1 << 16);
                    let mut stays: Vec<bool> = (0..width).map(|i| gone >> (i % 16) & 1 == 0).collect();
                    stays[0] |= !stays.contains(&true);
                    width = stays.iter().filter(|stays| **stays).count();
                    Stage::Select(stays)
                }
                5 => {
                    let components = self.matrix(width, 1 + self.chosen % 5);
                    width = components[0].len();
                    Stage::Svd(components)
                }
                _ if depth > 2 => continue,
                _ => {
                    let branches: Vec<_> = (0..1 + self.below(3)).map(|_| self.branch(Some(width), depth)).collect();
                    width = branches.iter().map(|branch| branch.1).sum();
                    Stage::Union(branches.into_iter().map(|branch| branch.0).collect())
                }
            };
            pipe.push(stage);
        }
        width
    }

    /// A whole pipeline that begins with the text.
    fn with_front(&mut self, targets: &Targets, want: Want, depth: usize) -> Pipe {
        let (mut pipe, width) = self.front(depth);
        let width = self.transforms(&mut pipe, width, depth);
        pipe.push(self.head(Some(width), targets, want, depth));
        pipe
    }

    fn member(&mut self, around: Option<usize>, classes: usize, want: Want, depth: usize) -> Pipe {
        let targets = Targets::Single(classes);
        let Some(width) = around.filter(|_| self.below(4) != 3) else {
            return self.with_front(&targets, want, depth + 1);
        };
        let mut pipe = Pipe::new();
        let width = if self.below(3) == 2 { self.transforms(&mut pipe, width, depth + 1) } else { width };
        pipe.push(self.head(Some(width), &targets, want, depth + 1));
        pipe
    }

    fn head(&mut self, around: Option<usize>, targets: &Targets, want: Want, depth: usize) -> Stage {
        let width = around.expect("every pipeline has a row");
        let &Targets::Single(classes) = targets else { return self.of_many(width, targets, depth) };
        // Those of members stand behind those without.
        match (self.below(if depth < 2 { 9 } else { 5 }), want) {
            (1, Want::Any | Want::Sure) => self.layers(width, classes, false),
            (2, Want::Any) => self.distances(width, classes),
            (3, Want::Any | Want::Sure) => {
                Stage::Constant { probabilities: self.numbers(classes), labels: vec![self.below(classes) as u32] }
            }
            (4, _) => Stage::Trees(self.trees(width, classes, want)),
            (5, Want::Any | Want::Sure) => self.calibrated(width, classes, depth),
            (6, Want::Any | Want::Sure) => {
                let soft = want == Want::Sure || self.below(2) == 0;
                let want = if soft { Want::Sure } else { Want::Any };
                let members: Vec<Pipe> =
                    (0..1 + self.below(3)).map(|_| self.member(around, classes, want, depth)).collect();
                let weights = (self.below(2) == 1).then(|| (0..members.len()).map(|i| 0.5 + i as f64).collect());
                Stage::Vote { soft, weights, members }
            }
            (7, _) => {
                let label = if classes == 2 { "sign" } else { self.one_of(&["argmax", "argmax_last"]) };
                self.one_vs_rest(width, if classes == 2 { 1 } else { classes }, label, want, depth)
            }
            (8, Want::Any | Want::Scores) => {
                let probability = self.below(2) == 1;
                let want = if probability { Want::Sure } else { Want::Scores };
                let members = (0..classes * (classes - 1) / 2).map(|_| self.member(around, 2, want, depth)).collect();
                Stage::OneVsOne { members, probability }
            }
            _ => self.linear(width, classes, want),
        }
    }

    /// Several labels or several outputs.
    fn of_many(&mut self, width: usize, targets: &Targets, depth: usize) -> Stage {
        match targets {
            Targets::Multioutput(each) => {
                Stage::MultiOutput(each.iter().map(|&n| self.member(Some(width), n, Want::Any, depth)).collect())
            }
            &Targets::Multilabel(n) | &Targets::Single(n) => match self.below(4) {
                1 => self.layers(width, n, true),
                2 => {
                    Stage::Constant { probabilities: self.numbers(n), labels: (0..n).map(|i| (i % 2) as u32).collect() }
                }
                3 => self.one_vs_rest(width, n, "each", Want::Any, depth),
                _ => Stage::Linear {
                    kind: "linear",
                    coef: self.matrix(width, n),
                    intercept: self.numbers(n),
                    link: self.one_of(&["none", "each"]),
                    label: "each",
                },
            },
        }
    }

    fn linear(&mut self, width: usize, classes: usize, want: Want) -> Stage {
        let one = classes == 2 && (want == Want::Scores || self.below(3) != 2);
        let (links, labels): (&[_], &[_]) = if one {
            (&["logistic", "softmax_pair", "modified_huber", "none"], &["sign", "sign_or_zero"])
        } else {
            (&["softmax", "ovr", "ovr_zeros", "modified_huber", "none"], &["argmax", "argmax_last"])
        };
        let links = if want == Want::Sure { &links[..links.len() - 1] } else { links };
        let outputs = if one { 1 } else { classes };
        Stage::Linear {
            kind: self.one_of(&["linear", "naive_bayes"]),
            coef: self.matrix(width, outputs),
            intercept: self.numbers(outputs),
            link: self.one_of(links),
            label: self.one_of(labels),
        }
    }

    fn layers(&mut self, width: usize, classes: usize, many: bool) -> Stage {
        let (last, link) = match (many, classes) {
            (true, _) => (classes, "each"),
            (false, 2) => [(1, "logistic"), (2, "softmax")][self.below(2)],
            (false, _) => (classes, "softmax"),
        };
        let mut sizes: Vec<usize> = (0..self.below(3)).map(|_| 1 + self.below(5)).collect();
        sizes.push(last);
        let mut inputs = width;
        let mut layer = |size| {
            let layer = (self.matrix(inputs, size), self.numbers(size));
            inputs = size;
            layer
        };
        let layers = sizes.into_iter().map(&mut layer).collect();
        Stage::Layers { activation: self.one_of(&["relu", "tanh", "logistic", "identity"]), link, layers }
    }

    fn distances(&mut self, width: usize, classes: usize) -> Stage {
        Stage::Distances {
            manhattan: self.below(2) == 1,
            label: self.one_of(&["nearest", "argmax"]),
            link: self.one_of(&["none", "softmax"]),
            outputs: if classes == 2 { 1 + self.below(2) } else { classes },
            centroids: self.matrix(width, classes),
            scaled: (self.below(2) == 1).then(|| (self.numbers(width), self.numbers(classes))),
        }
    }

    fn calibrated(&mut self, width: usize, classes: usize, depth: usize) -> Stage {
        let columns = if classes == 2 { 1 } else { classes };
        let mut members = Vec::new();
        for _ in 0..=self.below(3) {
            let probability = self.below(2) == 1;
            let pipe = self.member(Some(width), classes, if probability { Want::Sure } else { Want::Scores }, depth);
            let calibrators = if self.below(2) == 0 {
                Calibrators::Sigmoid(self.numbers(columns).into_iter().zip(self.numbers(columns)).collect())
            } else {
                Calibrators::Isotonic((0..columns).map(|_| self.points()).collect())
            };
            members.push(Calibrated { pipe, probability, calibrators });
        }
        Stage::Calibrated(members)
    }

    /// Points between 0 and 1, x ascending, some of them upright.
    fn points(&mut self) -> Vec<(f64, f64)> {
        let n = 1 + self.below(5);
        let mut x = self.numbers(n);
        x.sort_by(f64::total_cmp);
        if n > 2 {
            x[1] = x[2];
        }
        let y = self.numbers(n).into_iter().map(|y| y.abs().fract());
        x.into_iter().zip(y).collect()
    }

    fn one_vs_rest(&mut self, width: usize, members: usize, label: &'static str, want: Want, depth: usize) -> Stage {
        let probability = want != Want::Scores && self.below(2) == 1;
        let asked = match (probability, want) {
            (true, _) | (_, Want::Sure) => Want::Sure,
            _ => Want::Scores,
        };
        // Scores and probabilities at once: only a plain head has both.
        let both = !probability && want == Want::Sure;
        let member = |maker: &mut Self| {
            if !both {
                return maker.member(Some(width), 2, asked, depth);
            }
            let (coef, intercept) = (maker.matrix(width, 1), maker.numbers(1));
            vec![Stage::Linear { kind: "linear", coef, intercept, link: "logistic", label: "sign" }]
        };
        let members = (0..members).map(|_| member(self)).collect();
        Stage::OneVsRest { members, probability, label, divide: self.below(2) == 1 }
    }

    fn trees(&mut self, width: usize, classes: usize, want: Want) -> Trees {
        let one = classes == 2 && (want == Want::Scores || self.below(2) == 0);
        let mean = !one && self.below(2) == 0;
        let outputs = if one { 1 } else { classes };
        let count = 1 + self.below(4);
        let trees = (0..count).map(|_| self.tree(width, if mean { outputs } else { 1 }, 0)).collect();
        if mean {
            return Trees { trees, sum: None, outputs, link: "none", label: "argmax" };
        }
        let links: &[_] = if one { &["logistic", "softmax_pair", "none"] } else { &["softmax", "none"] };
        let links = if want == Want::Sure { &links[..links.len() - 1] } else { links };
        let label = if one { self.one_of(&["sign_or_zero", "sign"]) } else { "argmax" };
        let output = (0..count).map(|_| self.below(outputs) as u32).collect();
        Trees { trees, sum: Some((output, self.numbers(outputs))), outputs, link: self.one_of(links), label }
    }

    fn tree(&mut self, width: usize, columns: usize, depth: usize) -> Tree {
        if depth > 5 || self.below(3) == 0 {
            return Tree::Leaf(self.numbers(columns));
        }
        // Features of the vocabulary's beginning are asked for again and again; thresholds that texts really meet.
        let feature = if self.below(2) == 0 { self.below(width) } else { self.below(width.min(4)) };
        let threshold =
            if self.below(2) == 0 { self.one_of(&[0.5, 0.0, -0.5, 1.0, 1.5, 1.0 / 3.0]) } else { self.numbers(1)[0] };
        let left = self.tree(width, columns, depth + 1);
        Tree::Node(feature, threshold, Box::new([left, self.tree(width, columns, depth + 1)]))
    }
}
