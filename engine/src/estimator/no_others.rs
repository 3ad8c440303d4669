//! The linear edition's place of `others`: it has no other heads.

use super::{Answer, Context, Shape};
use crate::config::Targets;
use crate::error::{Error, Result};
use crate::features::Row;
use crate::pipeline::{Pipeline, Run};
use crate::prelude::*;

/// There is none.
pub enum Other {}

/// Refuses the head `name`.
pub fn read(name: &str, _: &Context, _: &Targets, _: &mut Vec<Pipeline>) -> Result<(Other, Shape)> {
    Err(Error::edition(name))
}

impl Other {
    /// Never called: there is none.
    pub fn answer(&mut self, _: &mut [Pipeline], _: &mut Run, _: &Row, _: bool, _: &mut Answer) -> Result<()> {
        match *self {}
    }
}
