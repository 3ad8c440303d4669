//! The naive oracle of trees: from the root to a leaf, one question after another.

use super::super::links;
use super::labels::{labels, sure};
use super::rows::Row;
use super::{Answer, NotFinite};

#[derive(Clone, Debug)]
pub enum Tree {
    /// K numbers, or the one that is added to an output.
    Leaf(Vec<f64>),
    /// Feature, threshold, where it goes for what is not above it, and for what is.
    Node(usize, f64, Box<[Tree; 2]>),
}

#[derive(Clone, Debug)]
pub struct Trees {
    pub trees: Vec<Tree>,
    /// To which output each tree adds, and what the outputs begin with; None: the mean.
    pub sum: Option<(Vec<u32>, Vec<f64>)>,
    pub outputs: usize,
    pub link: &'static str,
    pub label: &'static str,
}

impl Tree {
    fn leaf(&self, row: &Row) -> &[f64] {
        match self {
            Self::Leaf(values) => values,
            Self::Node(feature, threshold, children) => {
                let x = row.entries.get(feature).copied().unwrap_or(0.0) as f32;
                children[usize::from(f64::from(x) > *threshold)].leaf(row)
            }
        }
    }
}

impl Trees {
    /// The source compares in float32 and refuses what is beyond it.
    pub fn answer(&self, row: &Row) -> Result<Answer, NotFinite> {
        if row.entries.values().any(|x| !(*x as f32).is_finite()) {
            return Err(NotFinite);
        }
        let leaves: Vec<&[f64]> = self.trees.iter().map(|tree| tree.leaf(row)).collect();
        let Some((output, initial)) = &self.sum else {
            let mean = |k: usize| leaves.iter().fold(0.0, |sum, leaf| sum + leaf[k]) / leaves.len() as f64;
            return Ok(sure("argmax", 0.0, (0..self.outputs).map(mean).collect()));
        };
        let mut scores = initial.clone();
        output.iter().zip(leaves).for_each(|(&k, leaf)| scores[k as usize] += leaf[0]);
        let probabilities = links::probabilities(self.link, &scores);
        Ok(Answer { labels: labels(self.label, &scores, 0.0), probabilities, scores })
    }
}
