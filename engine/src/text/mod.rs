//! From text to pieces, by Python's rules: normalize (lower-case, accents), then cut into words or characters.
//!
//! Everything works on UTF-8 bytes in buffers that are used again for the next text; nothing is allocated per token.
//! The same code serves the fast path and the explanations, which also ask where each piece came from: what is
//! pushed goes to a sink, and a sink that does not care costs nothing.

mod cut;
mod normalize;
#[cfg_attr(not(feature = "complete"), path = "no_pattern.rs")]
mod pattern;
mod pieces;
mod tokens;

pub use cut::{Cutter, Sink, split};
pub use normalize::Normalizer;
pub use pattern::Pattern;
#[cfg(feature = "complete")]
pub use pattern::{Found, read as read_pattern};
pub use pieces::{Pieces, Place};
pub use tokens::Tokenizer;

/// The character at `at` of valid UTF-8, and its length in bytes. On other bytes: some character, never a panic.
#[inline]
pub fn decode(bytes: &[u8], at: usize) -> (char, usize) {
    let byte = |i: usize| u32::from(bytes.get(at + i).copied().unwrap_or(0) & 0x3F);
    let first = u32::from(bytes.get(at).copied().unwrap_or(0));
    let (code, length) = match first {
        0..0x80 => (first, 1),
        0x80..0xE0 => ((first & 0x1F) << 6 | byte(1), 2),
        0xE0..0xF0 => ((first & 0x0F) << 12 | byte(1) << 6 | byte(2), 3),
        _ => ((first & 0x07) << 18 | byte(1) << 12 | byte(2) << 6 | byte(3), 4),
    };
    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), length)
}

/// Bytes that are looked at in one go.
const BLOCK: usize = 32;

/// Whether the processor looks at a block's bytes all at once. Where it does not (WebAssembly without SIMD), going through
/// the characters one by one is faster.
const VECTORS: bool = cfg!(any(not(target_arch = "wasm32"), target_feature = "simd128"));

/// The bytes of `text` from `at` on, zeros behind its end.
#[inline(always)]
fn block_at(text: &[u8], at: usize) -> [u8; BLOCK] {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(block) = rest.first_chunk() {
        return *block;
    }
    let mut block = [0; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    block
}

/// Whether all bytes of a block are ASCII; as bits, which is faster than the standard library's four bytes at a time.
#[inline(always)]
fn is_ascii(block: &[u8; BLOCK]) -> bool {
    bits(block.map(|b| b >= 0x80)) == 0
}

/// What becomes of each byte of a block, by the byte before and the one behind. A plain loop over three blocks: that is
/// what compilers make vectors of.
#[inline(always)]
fn each<T: Copy + Default>(
    before: &[u8; BLOCK],
    block: &[u8; BLOCK],
    next: &[u8; BLOCK],
    f: impl Fn(u8, u8, u8) -> T,
) -> [T; BLOCK] {
    let mut out = [T::default(); BLOCK];
    for i in 0..BLOCK {
        out[i] = f(before[i], block[i], next[i]);
    }
    out
}

/// Where the next zero of `text` is from `at` on; its length where there is none.
#[inline(always)]
pub fn next_zero(text: &[u8], at: usize) -> usize {
    let mut at = at;
    while at < text.len() {
        let zeros = bits(block_at(text, at).map(|b| b == 0));
        if zeros != 0 {
            // Behind the end there are zeros as well.
            return text.len().min(at + zeros.trailing_zeros() as usize);
        }
        at += BLOCK;
    }
    text.len()
}

/// One bit for each flag.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)]
fn bits(flags: [bool; BLOCK]) -> u32 {
    use core::arch::wasm32::{i8x16_bitmask, i8x16_ne, u8x16, u8x16_splat};
    let half = |at: usize| {
        let f = |i: usize| u8::from(flags[at + i]);
        let all =
            u8x16(f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7), f(8), f(9), f(10), f(11), f(12), f(13), f(14), f(15));
        u32::from(i8x16_bitmask(i8x16_ne(all, u8x16_splat(0))))
    };
    half(0) | half(16) << 16
}

/// One bit for each flag.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline(always)]
fn bits(flags: [bool; BLOCK]) -> u32 {
    // Eight flags of one bit each are gathered by a multiplication.
    let flags = flags.map(u8::from);
    let (eights, _) = flags.as_chunks::<8>();
    let bits = |eight: &[u8; 8]| (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
    bits(&eights[0]) | bits(&eights[1]) << 8 | bits(&eights[2]) << 16 | bits(&eights[3]) << 24
}
