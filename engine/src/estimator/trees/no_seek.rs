//! Without SIMD all texts walk.

use super::batch::Add;
use super::layout::Layout;

/// Takes no text.
pub struct Seek;

impl Seek {
    /// Of no text.
    pub fn new(_: &Layout) -> Self {
        Self
    }

    /// Takes none.
    pub fn push(&mut self, _: usize, _: &[(u32, f32)]) -> bool {
        false
    }

    /// Has none.
    pub fn clear(&mut self) {}

    /// Has none.
    pub fn run(&mut self, _: &Layout, _: &mut [f64], _: usize, _: &mut Add) {}
}
