//! The linear edition's place of `others`: it has no other heads.

use super::{Answer, Context, Shape};
use crate::config::Targets;
use crate::error::{Error, Result};
use crate::features::Row;
use crate::pipeline::{Pipeline, Run};
use crate::prelude::*;

/// There is none.
pub enum Other {}

/// There are none.
pub enum Trees {}

/// Refuses the head `name`.
pub fn read(name: &str, _: &Context, _: &Targets, _: &mut Vec<Pipeline>) -> Result<(Other, Shape)> {
    Err(Error::edition(name))
}

impl Other {
    /// Never called: there is none.
    pub fn answer(&mut self, _: &mut [Pipeline], _: &mut Run, _: &Row, _: bool, _: &mut Answer) -> Result<()> {
        match *self {}
    }

    /// Never called: there is none.
    pub fn batch(&mut self) -> Option<&mut Trees> {
        match *self {}
    }
}

impl Trees {
    /// Never called: there are none.
    pub fn keep(&mut self, _: &Row) -> Result<bool> {
        match *self {}
    }

    /// Never called: there are none.
    pub fn release(&mut self, _: &mut Answer, _: &mut dyn FnMut(&Answer) -> Result<()>) -> Result<()> {
        match *self {}
    }
}
