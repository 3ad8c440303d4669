//! Random trees and rows: both ways to the leaves against the trees as they stand in the file, walked as the source walks.

use super::layout::{LEAF, Layout, Present};
use super::turns::Turns;
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
    turns: Turns,
    present: Present,
}

impl Forest {
    fn new(trees: &[Vec<(usize, u32, usize)>]) -> Self {
        let mut nodes = Vec::new();
        let roots: Vec<u32> = trees.iter().map(|splits| tree(splits, &mut nodes)).collect();
        let values = Matrix::new((0..nodes.len()).map(|i| i as f64).collect(), 1);
        let layout = Layout::new(&nodes, &roots, &values, WIDTH as usize);
        let mut turns = Turns::new(&layout);
        turns.much = usize::MAX;
        let present = Present::new(&layout);
        Self { nodes, roots, layout, turns, present }
    }

    fn check(&mut self, row: &[f64], sparse: bool) {
        for (i, &v) in (0..).zip(row).filter(|(_, v)| !sparse || **v != 0.0) {
            self.present.add(&self.layout, i, rounded(v));
        }
        let leaf = |row: &u32| self.layout.values.row(*row % LEAF)[0] as u32;
        let (mut listed, mut walked) = (Vec::new(), Vec::new());
        assert!(self.turns.leaves(&self.present, &mut listed));
        self.layout.walk(&self.present, &mut walked);
        self.present.clear();
        let expected: Vec<u32> = self.roots.iter().map(|&root| naive(&self.nodes, root, row)).collect();
        assert_eq!(listed.iter().map(leaf).collect::<Vec<_>>(), expected, "lists, {row:?}");
        assert_eq!(walked.iter().map(leaf).collect::<Vec<_>>(), expected, "walk, {row:?}");
    }
}

fn row() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(prop_oneof![Just(0.0), proptest::sample::select(&NUMBERS[..])], WIDTH as usize)
}

proptest! {
    #[test]
    fn lists_and_walk_find_the_sources_leaves(
        trees in proptest::collection::vec(
            proptest::collection::vec((any::<usize>(), any::<u32>(), any::<usize>()), 0..40), 1..8),
        rows in proptest::collection::vec((row(), any::<bool>()), 1..12),
    ) {
        let mut forest = Forest::new(&trees);
        for (row, sparse) in &rows {
            forest.check(row, *sparse);
        }
    }
}

/// A way of thousands of nodes, left at the last one, and one way after another, as deep.
#[test]
fn deep_chains() {
    for which in [0, usize::MAX] {
        let splits: Vec<_> = (0..5000).map(|i| (which, i as u32, 2 + i * 7)).collect();
        let mut forest = Forest::new(&[splits, Vec::new()]);
        for row in [[0.0; 6], [1.0; 6], [-1.0; 6], [0.1, -0.1, 0.5, -0.5, 3.0, -3.0], [3.0, 0.0, 0.0, 0.0, 0.0, -3.0]] {
            forest.check(&row, false);
        }
    }
}

/// The number in the upper bits of turns comes to its end and begins anew.
#[test]
fn as_many_texts_as_turns_can_tell_apart_and_more() {
    let mut forest = Forest::new(&[vec![(0, 0, 2), (0, 1, 3), (1, 0, 4), (1, 1, 2)], vec![(0, 1, 2), (1, 0, 2)]]);
    for text in 0..70_000 {
        let x = |i: usize| NUMBERS[(text * 7 + i * 3) % NUMBERS.len()];
        forest.check(&[x(0), x(1), 0.0, 0.0, 0.0, 0.0], text % 2 == 0);
    }
}

/// What is not worth its lists is walked.
#[test]
fn much_work_is_refused() {
    let mut forest = Forest::new(&[(0..50).map(|i| (i, i as u32, 2)).collect()]);
    forest.turns.much = 0;
    let mut rows = Vec::new();
    assert!(forest.turns.leaves(&forest.present, &mut rows), "nothing to look for");
    forest.present.add(&forest.layout, 0, 1.0);
    assert!(!forest.turns.leaves(&forest.present, &mut rows));
}
