//! The linear edition's place of `pattern`: there are no other token patterns than the built-in ones.

use crate::prelude::*;

/// There is none.
#[derive(Clone, Debug)]
pub enum Pattern {}

/// Needs nothing to work in.
#[derive(Debug, Default)]
pub struct Matcher;

impl Matcher {
    /// Never called: there is no pattern.
    pub fn tokens(&mut self, pattern: &Pattern, _: &[u8], _: &mut Vec<(u32, u32)>) -> bool {
        match *pattern {}
    }
}
