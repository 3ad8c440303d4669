//! What the tests share: model files from plain values, and a naive oracle.
// Every test binary uses another part of it.
#![allow(dead_code)]

pub mod batch;
pub mod container;
pub mod definitions;
pub mod links;
pub mod oracle;
pub mod pattern;
pub mod random_pattern;
pub mod spec;
pub mod strategies;
pub mod wide;
