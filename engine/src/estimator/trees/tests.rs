//! Random trees and batches of rows against the trees as they stand in the file, walked as the source walks. What finds
//! leaves by SIMD is tested in tests/test_trees.py.

use super::batch::Batch;
use super::layout::{LEAF, Layout};
use super::{NONE, Raw, rounded};
use crate::dense::Matrix;
use proptest::prelude::*;

const WIDTH: u32 = 6;
/// Bounds and amounts meet: the same numbers, their neighbours in float32, and what float32 cannot tell apart.
const NUMBERS: [f64; 20] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.0,
    -1.0,
    0.1,
    -0.1,
    0.1f32 as f64,
    -0.1f32 as f64,
    0.5000000001,
    -0.5000000001,
    1e-50,
    -1e-50,
    1e-45,
    -1e-45,
    3.0,
    -3.0,
    0.25,
    -0.25,
];

/// Children in pairs behind their parents, as many as `splits` say, each at the leaf that it names.
fn tree(splits: &[(usize, u32, usize)], nodes: &mut Vec<Raw>) -> u32 {
    let leaf = Raw { threshold: 0.0, feature: NONE, left: NONE, right: NONE };
    let root = nodes.len() as u32;
    nodes.push(leaf);
    let mut leaves = vec![root];
    for &(which, feature, bound) in splits {
        let at = leaves.swap_remove(which % leaves.len());
        let left = nodes.len() as u32;
        nodes[at as usize] =
            Raw { threshold: NUMBERS[bound % NUMBERS.len()], feature: feature % WIDTH, left, right: left + 1 };
        nodes.extend([leaf; 2]);
        leaves.extend([left, left + 1]);
    }
    root
}

/// The leaf, by the source's own comparison.
fn naive(nodes: &[Raw], root: u32, row: &[f64]) -> u32 {
    let mut at = root;
    while nodes[at as usize].feature != NONE {
        let node = &nodes[at as usize];
        let goes_left = f64::from(rounded(row[node.feature as usize])) <= node.threshold;
        at = if goes_left { node.left } else { node.right };
    }
    at
}

/// Each leaf has its own row, so that rows say which one was found.
struct Forest {
    nodes: Vec<Raw>,
    roots: Vec<u32>,
    layout: Layout,
    batch: Batch,
}

impl Forest {
    fn new(trees: &[Vec<(usize, u32, usize)>]) -> Self {
        let mut nodes = Vec::new();
        let roots: Vec<u32> = trees.iter().map(|splits| tree(splits, &mut nodes)).collect();
        let values = Matrix::new((0..nodes.len()).map(|i| i as f64).collect(), 1);
        let layout = Layout::new(&nodes, &roots, &values, WIDTH as usize);
        let batch = Batch::new(&layout);
        Self { nodes, roots, layout, batch }
    }

    /// Each text's sums are its number: so the leaves that are found for it are known.
    fn check(&mut self, rows: &[(Vec<f64>, bool)]) {
        for (text, (row, sparse)) in rows.iter().enumerate() {
            for (i, &v) in (0..).zip(row).filter(|(_, v)| !sparse || **v != 0.0) {
                self.batch.add(&self.layout, i, rounded(v));
            }
            self.batch.push(&[text as f64]);
        }
        let mut found = vec![Vec::new(); rows.len()];
        let leaf = |row: &u32| self.layout.values.row(*row % LEAF)[0] as u32;
        self.batch.run(&self.layout, 1, &mut |leaves, tree, text| {
            let found = &mut found[text[0] as usize];
            assert_eq!(found.len(), tree, "trees in order");
            found.extend(leaves.iter().map(leaf));
        });
        self.batch.clear();
        for (found, (row, _)) in found.iter().zip(rows) {
            let expected: Vec<u32> = self.roots.iter().map(|&root| naive(&self.nodes, root, row)).collect();
            assert_eq!(*found, expected, "{row:?}");
        }
    }
}

fn row() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(prop_oneof![Just(0.0), proptest::sample::select(&NUMBERS[..])], WIDTH as usize)
}

proptest! {
    #[test]
    fn leaves_are_the_sources(
        trees in proptest::collection::vec(
            proptest::collection::vec((any::<usize>(), any::<u32>(), any::<usize>()), 0..40), 1..8),
        batches in proptest::collection::vec(proptest::collection::vec((row(), any::<bool>()), 0..8), 1..4),
    ) {
        let mut forest = Forest::new(&trees);
        batches.iter().for_each(|rows| forest.check(rows));
    }
}

/// A way of thousands of nodes, left at the last one, and one way after another, as deep; so many that they are not walked
/// all together.
#[test]
fn deep_chains() {
    for which in [0, usize::MAX] {
        let splits: Vec<_> = (0..5000).map(|i| (which, i as u32, 2 + i * 7)).collect();
        let mut forest = Forest::new(&[vec![splits; 15], vec![Vec::new()]].concat());
        let rows = [[0.0; 6], [1.0; 6], [-1.0; 6], [0.1, -0.1, 0.5, -0.5, 3.0, -3.0], [3.0, 0.0, 0.0, 0.0, 0.0, -3.0]];
        forest.check(&rows.map(|row| (row.to_vec(), false)));
    }
}
