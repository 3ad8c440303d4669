//! The file of a model, stage by stage (docs/model-file.md). Every stage has a prefix of its own.

use super::super::container::{Parts, Tensor};
use super::super::spec::Step;
use super::trees::{Tree, Trees};
use super::{Calibrated, Calibrators, Matrix, Pipe, Stage, Targets, Wide};
use serde_json::{Value, json};
use wcw_engine::Model;

#[derive(Default)]
struct Writer {
    tensors: Vec<Tensor>,
    prefixes: usize,
}

impl Wide {
    pub fn model(&self) -> Model {
        Model::load(&self.file(), false).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn file(&self) -> Vec<u8> {
        self.file_with("float64")
    }

    pub fn file_with(&self, weights: &str) -> Vec<u8> {
        let mut writer = Writer::default();
        let pipeline = writer.pipe(&self.pipe);
        let classes = |n: &usize| json!({"type": "int", "values": (0..*n).collect::<Vec<_>>()});
        let (targets, classes) = match &self.targets {
            Targets::Single(n) => ("single", classes(n)),
            Targets::Multilabel(n) => ("multilabel", classes(n)),
            Targets::Multioutput(each) => ("multioutput", each.iter().map(classes).collect()),
        };
        let document = json!({
            "format": 1, "name": "test", "version": "1", "unicode": self.unicode.name(), "classes": classes,
            "targets": targets, "weights": weights, "bound": null, "pipeline": pipeline,
        });
        Parts::new(&document, &writer.tensors).seal()
    }
}

impl Writer {
    fn prefix(&mut self) -> String {
        self.prefixes += 1;
        format!("{}.", self.prefixes)
    }

    fn put(&mut self, prefix: &str, mut tensor: Tensor) {
        tensor.name = format!("{prefix}{}", tensor.name);
        self.tensors.push(tensor);
    }

    fn numbers(&mut self, prefix: &str, name: &str, numbers: &[f64]) {
        self.put(prefix, Tensor::f64(name, &[numbers.len()], numbers));
    }

    fn matrix(&mut self, prefix: &str, name: &str, matrix: &Matrix) {
        self.put(prefix, Tensor::f64(name, &[matrix.len(), matrix[0].len()], &matrix.concat()));
    }

    fn pipes(&mut self, pipes: &[Pipe]) -> Value {
        pipes.iter().map(|pipe| self.pipe(pipe)).collect()
    }

    fn pipe(&mut self, pipe: &Pipe) -> Value {
        pipe.iter().flat_map(|stage| self.stages(stage)).collect()
    }

    fn stages(&mut self, stage: &Stage) -> Vec<Value> {
        let p = self.prefix();
        let stage = match stage {
            Stage::Vectorize(spec) => {
                for tensor in spec.tensors().into_iter().filter(|t| t.name != "coef" && t.name != "intercept") {
                    self.put(&p, tensor);
                }
                let Value::Array(mut stages) = spec.document()["pipeline"].take() else { panic!("a list") };
                stages.pop();
                stages.iter_mut().for_each(|stage| stage["prefix"] = json!(p));
                return stages;
            }
            Stage::Union(branches) => json!({"stage": "union", "branches": self.pipes(branches)}),
            Stage::Step(Step::SublinearTf) => json!({"stage": "sublinear_tf"}),
            Stage::Step(Step::Norm(norm)) => json!({"stage": "norm", "norm": norm}),
            Stage::Step(Step::Idf(idf)) => {
                self.numbers(&p, "idf", idf);
                json!({"stage": "idf", "tensor": "idf"})
            }
            Stage::Select(stays) => {
                let mut kept = 0..;
                let places: Vec<u32> =
                    stays.iter().map(|&stays| if stays { kept.next().unwrap() } else { u32::MAX }).collect();
                self.put(&p, Tensor::u32("select", &places));
                json!({"stage": "select", "n_features": kept.next()})
            }
            Stage::Scale(by) => {
                self.numbers(&p, "scale", by);
                json!({"stage": "scale"})
            }
            Stage::Binarize(threshold) => {
                self.numbers(&p, "threshold", &[*threshold]);
                json!({"stage": "binarize"})
            }
            Stage::Svd(components) => {
                self.matrix(&p, "components", components);
                json!({"stage": "svd", "n_features": components[0].len()})
            }
            head => self.head(&p, head),
        };
        vec![with_prefix(stage, &p)]
    }

    fn head(&mut self, p: &str, head: &Stage) -> Value {
        match head {
            Stage::Linear { kind, coef, intercept, link, label } => {
                self.matrix(p, "coef", coef);
                self.numbers(p, "intercept", intercept);
                json!({"stage": "linear", "kind": kind, "link": link, "label": label, "outputs": intercept.len()})
            }
            Stage::Layers { activation, link, layers } => {
                for (n, (coef, intercept)) in layers.iter().enumerate() {
                    self.matrix(p, &format!("layer.{n}.coef"), coef);
                    self.numbers(p, &format!("layer.{n}.intercept"), intercept);
                }
                let sizes: Vec<usize> = layers.iter().map(|layer| layer.1.len()).collect();
                json!({"stage": "layers", "activation": activation, "link": link, "sizes": sizes})
            }
            Stage::Distances { manhattan, label, link, outputs, centroids, scaled } => {
                self.matrix(p, "centroids", centroids);
                if let Some((deviations, constants)) = scaled {
                    self.numbers(p, "deviations", deviations);
                    self.numbers(p, "constants", constants);
                }
                let metric = if *manhattan { "manhattan" } else { "euclidean" };
                json!({"stage": "distances", "metric": metric, "label": label, "link": link, "outputs": outputs})
            }
            Stage::Constant { probabilities, labels } => {
                self.numbers(p, "probabilities", probabilities);
                self.put(p, Tensor::u32("labels", labels));
                json!({"stage": "constant"})
            }
            Stage::Calibrated(members) => {
                let members: Value = members.iter().map(|member| self.calibrated(member)).collect();
                json!({"stage": "calibrated", "members": members})
            }
            Stage::Vote { soft, weights, members } => {
                if let Some(weights) = weights {
                    self.numbers(p, "weights", weights);
                }
                let voting = if *soft { "soft" } else { "hard" };
                json!({"stage": "vote", "voting": voting, "members": self.pipes(members)})
            }
            Stage::OneVsRest { members, probability, label, divide } => json!({
                "stage": "one_vs_rest", "members": self.pipes(members), "input": input(*probability), "label": label,
                "divide": divide,
            }),
            Stage::OneVsOne { members, probability } => {
                json!({"stage": "one_vs_one", "members": self.pipes(members), "input": input(*probability)})
            }
            Stage::MultiOutput(members) => json!({"stage": "multi_output", "members": self.pipes(members)}),
            Stage::Trees(trees) => self.trees(p, trees),
            other => panic!("no head: {other:?}"),
        }
    }

    fn calibrated(&mut self, member: &Calibrated) -> Value {
        let p = self.prefix();
        let method = match &member.calibrators {
            Calibrators::Sigmoid(each) => {
                let (slope, offset): (Vec<f64>, Vec<f64>) = each.iter().copied().unzip();
                self.numbers(&p, "slope", &slope);
                self.numbers(&p, "offset", &offset);
                "sigmoid"
            }
            Calibrators::Isotonic(each) => {
                let (x, y): (Vec<f64>, Vec<f64>) = each.iter().flatten().copied().unzip();
                let mut knots = vec![0];
                each.iter().for_each(|points| knots.push(knots[knots.len() - 1] + points.len() as u32));
                self.numbers(&p, "x", &x);
                self.numbers(&p, "y", &y);
                self.put(&p, Tensor::u32("knots", &knots));
                "isotonic"
            }
        };
        let pipeline = self.pipe(&member.pipe);
        json!({"pipeline": pipeline, "method": method, "input": input(member.probability), "prefix": p})
    }

    fn trees(&mut self, p: &str, trees: &Trees) -> Value {
        let mut nodes = Nodes::default();
        let roots: Vec<u32> = trees
            .trees
            .iter()
            .map(|tree| nodes.add(tree, if trees.sum.is_some() { 1 } else { trees.outputs }))
            .collect();
        self.put(p, Tensor::u32("tree.roots", &roots));
        self.put(p, Tensor::u32("tree.feature", &nodes.feature));
        self.numbers(p, "tree.threshold", &nodes.threshold);
        self.put(
            p,
            Tensor { shape: vec![nodes.feature.len(), 2], ..Tensor::u32("tree.children", &nodes.children.concat()) },
        );
        match &trees.sum {
            Some((output, initial)) => {
                self.numbers(p, "tree.value", &nodes.value.concat());
                self.put(p, Tensor::u32("tree.output", output));
                self.numbers(p, "tree.initial", initial);
            }
            None => self.matrix(p, "tree.value", &nodes.value),
        }
        json!({
            "stage": "trees", "trees": roots.len(), "outputs": trees.outputs, "link": trees.link, "label": trees.label,
            "combine": if trees.sum.is_some() { "sum" } else { "mean" },
        })
    }
}

#[derive(Default)]
struct Nodes {
    feature: Vec<u32>,
    threshold: Vec<f64>,
    children: Vec<Vec<u32>>,
    value: Matrix,
}

impl Nodes {
    /// The place of a tree's root: children stand behind it, in any order.
    fn add(&mut self, tree: &Tree, columns: usize) -> u32 {
        let at = self.feature.len();
        let (feature, threshold, value) = match tree {
            Tree::Leaf(value) => (u32::MAX, 0.0, value.clone()),
            Tree::Node(feature, threshold, _) => (*feature as u32, *threshold, vec![0.0; columns]),
        };
        self.feature.push(feature);
        self.threshold.push(threshold);
        self.children.push(vec![0, 0]);
        self.value.push(value);
        if let Tree::Node(feature, _, children) = tree {
            for side in if feature % 2 == 0 { [0, 1] } else { [1, 0] } {
                self.children[at][side] = self.add(&children[side], columns);
            }
        }
        at as u32
    }
}

fn input(probability: bool) -> &'static str {
    if probability { "probability" } else { "decision" }
}

fn with_prefix(mut stage: Value, prefix: &str) -> Value {
    stage["prefix"] = json!(prefix);
    stage
}
