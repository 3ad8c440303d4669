//! From text to pieces, by Python's rules: normalize (lower-case, accents), then cut into words or characters.
//!
//! Everything works on UTF-8 bytes in buffers that are used again for the next text; nothing is allocated per token.
//! The same code serves the fast path and the explanations, which also ask where each piece came from: what is
//! pushed goes to a sink, and a sink that does not care costs nothing.

mod cut;
mod normalize;
mod pattern;
mod pieces;
mod tokens;

pub use cut::{Cutter, Sink};
pub use normalize::Normalizer;
pub use pattern::{Found, Pattern, read as read_pattern};
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
