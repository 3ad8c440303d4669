//! Token patterns as trees, their programs, and what a naive backtracking matcher finds. The fuzz targets share these.

pub mod naive;
pub mod program;

/// Ascending ranges of characters.
pub type Set = &'static [(char, char)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

#[derive(Clone, Debug)]
pub enum Re {
    Set(Set),
    Seq(Vec<Re>),
    Alt(Vec<Re>),
    /// Least and most turns.
    Repeat(Box<Re>, u32, Option<u32>, Greed),
    /// The one capture group.
    Capture(Box<Re>),
    /// What the group holds, once more.
    Same,
    /// The first where the group holds something, else the second.
    IfSet(Box<[Re; 2]>),
    /// So many characters before (None: here); whether it must not match.
    Look(Option<u32>, bool, Box<Re>),
    Atomic(Box<Re>),
    /// Between the set and others; whether it must not be.
    Boundary(Set, bool),
    /// Numbered as in docs/model-file.md.
    At(u8),
}
