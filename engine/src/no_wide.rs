//! The linear edition's place of `wide`: there are no such rows.

use crate::config::Reader;
use crate::error::{Error, Result};
use crate::features::Row;
use crate::json::Json;
use crate::pipeline::{Pipeline, Run};

/// There is none.
pub enum Wide {}

/// There is none.
pub enum Union {}

impl Wide {
    /// Refuses the stage.
    pub fn read(_: &Reader, stage: &Json, _: &mut usize, _: usize) -> Result<Self> {
        Err(Error::edition(stage.str("stage")?))
    }

    /// Never called: there is none.
    pub fn origin(&self, _: u32) -> Option<u32> {
        match *self {}
    }

    /// Never called: there is none.
    pub fn apply(&mut self, _: &mut Run, _: &mut Row) -> Result<()> {
        match *self {}
    }
}

impl Union {
    /// Refuses the stage.
    pub fn read(_: &Reader, _: &Json, _: Option<usize>, _: usize) -> Result<Self> {
        Err(Error::edition("union"))
    }

    /// Never called: there is none.
    pub fn width(&self) -> usize {
        match *self {}
    }

    /// Never called: there is none.
    pub fn place(&mut self, _: &Reader, _: Option<&[f64]>) -> Result<()> {
        match *self {}
    }

    /// Never called: there is none.
    pub fn is_direct(&self) -> bool {
        match *self {}
    }

    /// Never called: there is none.
    pub fn score(&mut self, _: &mut Run, _: &mut [f64]) -> Result<()> {
        match *self {}
    }

    /// Never called: there is none.
    pub fn branches(&mut self) -> &mut [Pipeline] {
        match *self {}
    }

    /// Never called: there is none.
    pub fn fill(&mut self, _: &mut Run, _: &Row, _: &mut Row) -> Result<()> {
        match *self {}
    }

    /// Never called: there is none.
    pub fn origin(&self, _: u32) -> Option<(u32, u32)> {
        match *self {}
    }
}
