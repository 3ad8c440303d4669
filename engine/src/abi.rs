//! The only `extern "C"` and, with it, the only `unsafe`: docs/engine-abi.md, function by function.
//!
//! Every pointer that comes in is checked against the memory's size before it is used; the memory belongs to the
//! caller as well, so a caller can spoil its own data but nothing outside of the sandbox.
#![allow(unsafe_code)]

use crate::error::{Error, Result};
use crate::explain::{Explanation, Strings};
use crate::model::{Answers, Model};
use crate::prelude::*;
use crate::say::{concat, int};
use alloc::alloc::{Layout, alloc, dealloc};
use core::cell::UnsafeCell;

/// The version of the ABI.
const ABI: i32 = 1;
const ALIGN: usize = 16;

struct State {
    models: Vec<Option<Model>>,
    output: Vec<u8>,
}

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

struct Shared(UnsafeCell<State>);

// SAFETY: the module is built without threads; no two calls run at once.
unsafe impl Sync for Shared {}

static STATE: Shared = Shared(UnsafeCell::new(State { models: Vec::new(), output: Vec::new() }));

/// The one state. Each exported function takes it once, so no two references live at once.
fn state() -> &'static mut State {
    // SAFETY: see above.
    unsafe { &mut *STATE.0.get() }
}

/// The result of a call as the ABI says it; the message of an error becomes the output.
fn answer(state: &mut State, result: Result<i32>) -> i32 {
    result.unwrap_or_else(|error| {
        state.output = error.message().to_owned().into_bytes();
        error.code()
    })
}

/// Output for the caller, or why there is none.
fn give(state: &mut State, output: Result<Vec<u8>>) -> i32 {
    let result = output.map(|output| {
        state.output = output;
        0
    });
    answer(state, result)
}

fn memory_size() -> usize {
    core::arch::wasm32::memory_size(0) * 65536
}

/// An error where `count` values of `size` bytes, which is also how they are aligned, do not lie in memory at `at`.
#[inline(never)]
fn check(at: usize, count: usize, size: usize) -> Result<()> {
    let end = count.checked_mul(size).and_then(|size| size.checked_add(at));
    if end.is_none_or(|end| end > memory_size()) || at & (size - 1) != 0 {
        return Err(Error::argument(&[
            "address ",
            &int(at),
            " for ",
            &int(count),
            " values of ",
            &int(size),
            " bytes lies outside memory or is not aligned",
        ]));
    }
    Ok(())
}

fn signed(number: i32) -> String {
    concat(&[if number < 0 { "-" } else { "" }, &int(number.unsigned_abs() as usize)])
}

/// A slice of the caller's, empty for address 0.
fn slice<'a, T>(at: u32, count: usize) -> Result<&'a mut [T]> {
    if count == 0 || at == 0 {
        return Ok(&mut []);
    }
    const { assert!(size_of::<T>() == align_of::<T>()) };
    check(at as usize, count, size_of::<T>())?;
    // SAFETY: inside memory and aligned (checked), any bytes are a valid u8, u32 or f64; the caller has allocated it
    // for this call, and nothing else runs meanwhile (one thread).
    Ok(unsafe { core::slice::from_raw_parts_mut(at as *mut T, count) })
}

fn text<'a>(at: u32, size: u32) -> Result<&'a str> {
    if size > 0 && at == 0 {
        return Err(Error::argument(&["address 0 for a text"]));
    }
    let bytes = slice(at, size as usize)?;
    #[cfg(target_feature = "simd128")]
    return crate::utf8::text(bytes).ok_or_else(Error::utf8);
    #[cfg(not(target_feature = "simd128"))]
    core::str::from_utf8(bytes).map_err(|_| Error::utf8())
}

fn model(models: &mut [Option<Model>], handle: i32) -> Result<&mut Model> {
    let slot = usize::try_from(handle).ok().and_then(|i| models.get_mut(i)).and_then(Option::as_mut);
    slot.ok_or_else(|| Error::argument(&["handle ", &signed(handle), " is no loaded model"]))
}

/// The version of the ABI.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_abi() -> i32 {
    ABI
}

/// A block aligned to 16 bytes; 0 where memory is exhausted.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_alloc(size: u32) -> u32 {
    let Ok(layout) = Layout::from_size_align(size.max(1) as usize, ALIGN) else { return 0 };
    // SAFETY: the layout has a size above 0.
    unsafe { alloc(layout) as u32 }
}

/// Gives a block back.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_free(at: u32, size: u32) {
    if let Ok(layout) = Layout::from_size_align(size.max(1) as usize, ALIGN)
        && at != 0
    {
        // SAFETY: the ABI asks for what `wcw_alloc` gave for that size.
        unsafe { dealloc(at as *mut u8, layout) }
    }
}

/// Loads the model in a block, which is freed.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_load(at: u32, size: u32) -> i32 {
    load(at, size, false)
}

/// The same for a file whose content hash the caller has verified.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_load_verified(at: u32, size: u32) -> i32 {
    load(at, size, true)
}

#[inline(never)]
fn load(at: u32, size: u32, is_verified: bool) -> i32 {
    let loaded = slice::<u8>(at, size as usize).and_then(|bytes| {
        let loaded = Model::load(bytes, is_verified);
        wcw_free(at, size);
        loaded
    });
    let state = state();
    let result = loaded.map(|model| {
        let free = state.models.iter().position(Option::is_none).unwrap_or(state.models.len());
        if free == state.models.len() {
            state.models.push(None);
        }
        state.models[free] = Some(model);
        free as i32
    });
    answer(state, result)
}

/// Releases a model.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_unload(handle: i32) {
    let state = state();
    if let Some(slot) = usize::try_from(handle).ok().and_then(|i| state.models.get_mut(i)) {
        *slot = None;
    }
}

/// Classifies a batch.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_classify(handle: i32, request: u32) -> i32 {
    let state = state();
    let result = model(&mut state.models, handle).and_then(|model| classify(model, request));
    answer(state, result)
}

fn classify(model: &mut Model, request: u32) -> Result<i32> {
    let request: &mut [u32] = slice(request, 10)?;
    let [at, size, offsets, n, scores, probabilities, labels, known, consumed, _] = request else {
        return Err(Error::argument(&["address 0 for a request"]));
    };
    let count = *n as usize;
    let all = text(*at, *size)?;
    let shape = model.shape();
    let mut answers = Answers {
        scores: slice(*scores, count.saturating_mul(shape.scores))?,
        probabilities: slice(*probabilities, count.saturating_mul(shape.probabilities))?,
        labels: slice(*labels, count.saturating_mul(shape.labels))?,
        known: slice(*known, count)?,
    };
    if *offsets == 0 {
        *consumed = model.classify_joined(all, count, &mut answers)? as u32;
    } else {
        let offsets: &mut [u32] = slice(*offsets, count.saturating_add(1))?;
        let piece = |w: &[u32]| all.get(w[0] as usize..w[1] as usize);
        if offsets.windows(2).any(|w| piece(w).is_none()) {
            return Err(Error::argument(&["the offsets do not cut the text between characters, in ascending order"]));
        }
        model.classify(offsets.windows(2).map(|w| piece(w).unwrap_or_default()), &mut answers)?;
        *consumed = all.len() as u32;
    }
    Ok(0)
}

/// Explains one text.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_explain(handle: i32, at: u32, size: u32) -> i32 {
    let state = state();
    let explained = model(&mut state.models, handle).and_then(|model| model.explain(text(at, size)?));
    let result = explained.map(|explanation| explanation_bytes(&explanation));
    give(state, result)
}

/// What a stage gives for one text.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_stage(handle: i32, stage: i32, at: u32, size: u32, vectorizer: u32) -> i32 {
    let state = state();
    let staged = model(&mut state.models, handle)
        .and_then(|model| stage_bytes(model, stage, text(at, size)?, vectorizer as usize));
    give(state, staged)
}

/// The look-up table of a vectorizer.
#[cfg(feature = "complete")]
#[unsafe(no_mangle)]
pub extern "C" fn wcw_build_table(handle: i32, vectorizer: u32) -> i32 {
    let state = state();
    let built = model(&mut state.models, handle).and_then(|model| model.table_bytes(vectorizer as usize));
    give(state, built)
}

/// Test builds only: breaks a stage.
#[cfg(feature = "broken")]
#[unsafe(no_mangle)]
pub extern "C" fn wcw_break(stage: i32) {
    crate::broken::choose(stage);
}

/// Where the last output is.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_output() -> u32 {
    state().output.as_ptr() as u32
}

/// Its bytes.
#[unsafe(no_mangle)]
pub extern "C" fn wcw_output_size() -> u32 {
    state().output.len() as u32
}

fn push_u32(out: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
}

fn push_f64(out: &mut Vec<u8>, numbers: &[f64]) {
    out.resize(out.len().next_multiple_of(8), 0);
    numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
}

fn explanation_bytes(explanation: &Explanation) -> Vec<u8> {
    let mut out = Vec::new();
    push_u32(&mut out, &[explanation.spans.len() as u32, explanation.scores.len() as u32]);
    for s in &explanation.spans {
        push_u32(&mut out, &[s.chars.0, s.chars.1, s.utf16.0, s.utf16.1, s.ngram.0, s.ngram.1]);
    }
    push_f64(&mut out, &explanation.weights);
    push_f64(&mut out, &explanation.remainder);
    push_f64(&mut out, &explanation.scores);
    out.extend_from_slice(&explanation.ngrams);
    out
}

fn strings_bytes(strings: &Strings) -> Vec<u8> {
    let mut out = Vec::new();
    push_u32(&mut out, &[strings.offsets.len() as u32 - 1]);
    push_u32(&mut out, &strings.offsets);
    out.extend_from_slice(&strings.bytes);
    out
}

fn stage_bytes(model: &mut Model, stage: i32, text: &str, vectorizer: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    match stage {
        0 => out = model.normalized(vectorizer, text)?.to_vec(),
        1 => out = strings_bytes(&model.tokens(vectorizer, text)?),
        2 => out = strings_bytes(&model.ngrams(vectorizer, text)?),
        3 => {
            let row = model.features(vectorizer, text)?;
            push_u32(&mut out, &[row.indices.len() as u32, 0]);
            push_u32(&mut out, &row.indices);
            push_f64(&mut out, &row.values);
        }
        4 => push_f64(&mut out, model.scores(text)?),
        _ => return Err(Error::argument(&["stage ", &signed(stage), "; 0 to 4 are allowed"])),
    }
    Ok(out)
}
