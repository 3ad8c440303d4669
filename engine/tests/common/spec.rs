//! A model as plain Rust values, and the file that holds it.

use super::container::{Parts, Tensor};
use super::pattern::{Re, program::program};
use serde_json::{Value, json};
use wcw_engine::Model;
use wcw_engine::unicode::Version;

#[derive(Clone, Debug)]
pub enum Step {
    SublinearTf,
    Idf(Vec<f64>),
    Norm(&'static str),
}

#[derive(Clone, Debug)]
pub struct Spec {
    /// None for hashing.
    pub vocabulary: Option<Vec<String>>,
    pub n_features: usize,
    pub alternate_sign: bool,
    pub analyzer: &'static str,
    /// Of the token pattern; only the word analyzer asks.
    pub min_chars: usize,
    /// Another token pattern than those of `min_chars`.
    pub pattern: Option<Re>,
    pub ngrams: (usize, usize),
    pub lowercase: bool,
    pub accents: Option<&'static str>,
    pub binary: bool,
    pub stop_words: Vec<String>,
    pub transforms: Vec<Step>,
    pub classes: usize,
    pub link: &'static str,
    pub float32: bool,
    /// F × K.
    pub coef: Vec<f64>,
    /// K.
    pub intercept: Vec<f64>,
    pub unicode: Version,
}

impl Spec {
    /// Words with a vocabulary, raw counts, all weights 1: the smallest useful model.
    pub fn words(vocabulary: &[&str]) -> Self {
        let vocabulary: Vec<String> = vocabulary.iter().map(|&w| w.into()).collect();
        let n_features = vocabulary.len();
        Self {
            vocabulary: Some(vocabulary),
            n_features,
            alternate_sign: false,
            analyzer: "word",
            min_chars: 2,
            pattern: None,
            ngrams: (1, 1),
            lowercase: true,
            accents: None,
            binary: false,
            stop_words: Vec::new(),
            transforms: Vec::new(),
            classes: 2,
            link: "logistic",
            float32: false,
            coef: vec![1.0; n_features],
            intercept: vec![0.0],
            unicode: Version::V14,
        }
    }

    /// K.
    pub fn outputs(&self) -> usize {
        self.intercept.len()
    }

    pub fn document(&self) -> Value {
        let pattern = match (self.analyzer, self.min_chars) {
            ("word", 1) => Some(r"(?u)\b\w+\b"),
            ("word", _) => Some(r"(?u)\b\w\w+\b"),
            _ => None,
        };
        let mut pipeline = vec![json!({
            "stage": "vectorize", "method": if self.vocabulary.is_some() { "vocabulary" } else { "hashing" },
            "analyzer": self.analyzer, "ngram_range": [self.ngrams.0, self.ngrams.1], "lowercase": self.lowercase,
            "strip_accents": self.accents, "token_pattern": pattern, "binary": self.binary,
            "n_features": self.n_features, "alternate_sign": self.alternate_sign,
        })];
        if self.pattern.is_some() {
            (pipeline[0]["token_pattern"], pipeline[0]["program"]) = (json!("made by a test"), json!("token_program"));
        }
        pipeline.extend(self.transforms.iter().enumerate().map(|(i, step)| match step {
            Step::SublinearTf => json!({"stage": "sublinear_tf"}),
            Step::Idf(_) => json!({"stage": "idf", "tensor": format!("idf.{i}")}),
            Step::Norm(norm) => json!({"stage": "norm", "norm": norm}),
        }));
        pipeline.push(json!({
            "stage": "linear", "kind": "linear", "link": self.link, "outputs": self.outputs(),
            "label": if self.outputs() == 1 { "sign" } else { "argmax" },
        }));
        json!({
            "format": 1, "name": "test", "version": "1", "unicode": self.unicode.name(),
            "classes": {"type": "int", "values": (0..self.classes).collect::<Vec<_>>()},
            "weights": if self.float32 { "float32" } else { "float64" }, "bound": 1e-7, "pipeline": pipeline,
        })
    }

    pub fn tensors(&self) -> Vec<Tensor> {
        let mut tensors = vec![
            Tensor::f64("coef", &[self.n_features, self.outputs()], &self.coef),
            Tensor::f64("intercept", &[self.outputs()], &self.intercept),
        ];
        if let Some(vocabulary) = &self.vocabulary {
            tensors.extend(Tensor::texts("vocabulary", vocabulary));
        }
        if let Some(pattern) = &self.pattern {
            tensors.push(Tensor::bytes("token_program", &program(pattern)));
        }
        if !self.stop_words.is_empty() {
            tensors.extend(Tensor::texts("stop_words", &self.stop_words));
        }
        for (i, step) in self.transforms.iter().enumerate() {
            if let Step::Idf(idf) = step {
                tensors.push(Tensor::f64(&format!("idf.{i}"), &[idf.len()], idf));
            }
        }
        tensors
    }

    pub fn parts(&self) -> Parts {
        Parts::new(&self.document(), &self.tensors())
    }

    pub fn model(&self) -> Model {
        Model::load(&self.parts().seal(), false).unwrap()
    }

    /// The parts with the ready look-up table among them, as an exporter writes them.
    pub fn parts_with_table(&self) -> Parts {
        let mut tensors = self.tensors();
        tensors.push(Tensor::bytes("vocabulary.table", &self.model().table_bytes(0).unwrap()));
        Parts::new(&self.document(), &tensors)
    }
}
