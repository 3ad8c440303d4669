//! Only in test builds with `--features broken`: an engine that can be told to break one stage, so that tests see
//! `verify` and `compare` turn red and name it. Each hook sits at the one place that both ways to a score go through.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

/// The stage that is broken, as `wcw_stage` numbers them; −1 for none.
static STAGE: AtomicI32 = AtomicI32::new(-1);

/// Breaks a stage from now on; ngrams: of the models loaded from now on.
pub fn choose(stage: i32) {
    STAGE.store(stage, Relaxed);
}

fn is(stage: i32) -> bool {
    STAGE.load(Relaxed) == stage
}

/// Every `e` becomes an `a`.
pub fn normalize(text: &mut [u8]) {
    if is(0) {
        text.iter_mut().filter(|b| **b == b'e').for_each(|b| *b = b'a');
    }
}

/// The last word is lost.
pub fn tokens(words: &mut Vec<(u32, u32)>) {
    if is(1) {
        words.pop();
    }
}

/// The longest n-grams are lost.
pub fn ngrams((min, max): (usize, usize)) -> (usize, usize) {
    if is(2) { (min, min.max(max - 1)) } else { (min, max) }
}

/// The first value is a tenth too large.
pub fn features(values: &mut [f64]) {
    if is(3) {
        values.iter_mut().take(1).for_each(|v| *v *= 1.1);
    }
}

/// The first score is a tenth too large.
pub fn scores(scores: &mut [f64]) {
    if is(4) {
        scores.iter_mut().take(1).for_each(|s| *s += 0.1);
    }
}
