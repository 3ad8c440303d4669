//! Whether bytes are UTF-8, sixteen at a time: std goes through what is not ASCII character by character, which took as
//! long as finding the words in it.
//!
//! As Keiser and Lemire do it: three look-ups, by the halves of a byte and of the one before, give the mistakes that
//! either allows; what all three allow is one. Third and fourth bytes of a character are where they must be, or are not.

use core::arch::wasm32::{
    i8x16_bitmask, i8x16_shuffle, u8x16, u8x16_shr, u8x16_splat, u8x16_sub_sat, u8x16_swizzle, v128, v128_and,
    v128_any_true, v128_or, v128_xor,
};

const LANES: usize = 16;

/// A lead byte without what must follow.
const TOO_SHORT: u8 = 1;
/// What follows nothing.
const TOO_LONG: u8 = 1 << 1;
const OVERLONG_3: u8 = 1 << 2;
/// Beyond U+10FFFF.
const TOO_LARGE: u8 = 1 << 3;
const SURROGATE: u8 = 1 << 4;
const OVERLONG_2: u8 = 1 << 5;
/// Beyond U+10FFFF with a lead byte that is never allowed; and, of another one, too small for four bytes.
const TOO_LARGE_OR_OVERLONG_4: u8 = 1 << 6;
/// No mistake where a third or fourth byte is wanted.
const CONTINUES: u8 = 1 << 7;

/// What the upper half of the byte before allows.
const BEFORE_HIGH: [u8; LANES] = {
    let mut table = [TOO_LONG; LANES];
    let mut high = 0x8;
    while high < 0xC {
        table[high] = CONTINUES;
        high += 1;
    }
    table[0xC] = TOO_SHORT | OVERLONG_2;
    table[0xD] = TOO_SHORT;
    table[0xE] = TOO_SHORT | OVERLONG_3 | SURROGATE;
    table[0xF] = TOO_SHORT | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4;
    table
};

/// What its lower half allows.
const BEFORE_LOW: [u8; LANES] = {
    let always = TOO_SHORT | TOO_LONG | CONTINUES;
    let mut table = [always | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4; LANES];
    table[0x0] = always | OVERLONG_3 | OVERLONG_2 | TOO_LARGE_OR_OVERLONG_4;
    table[0x1] = always | OVERLONG_2;
    table[0x2] = always;
    table[0x3] = always;
    table[0x4] = always | TOO_LARGE;
    table[0xD] |= SURROGATE;
    table
};

/// What the upper half of the byte itself allows.
const HIGH: [u8; LANES] = {
    let always = TOO_LONG | OVERLONG_2 | CONTINUES;
    let mut table = [TOO_SHORT; LANES];
    table[0x8] = always | OVERLONG_3 | TOO_LARGE_OR_OVERLONG_4;
    table[0x9] = always | OVERLONG_3 | TOO_LARGE;
    table[0xA] = always | SURROGATE | TOO_LARGE;
    table[0xB] = table[0xA];
    table
};

/// The bytes as a text, if they are one.
pub fn text(bytes: &[u8]) -> Option<&str> {
    let (blocks, rest) = bytes.as_chunks::<LANES>();
    // Behind the end stand zeros, so that a last character that is cut off is too short.
    let mut last = [0; LANES];
    last[..rest.len()].copy_from_slice(rest);
    let (mut errors, mut before, mut is_ascii) = (u8x16_splat(0), u8x16_splat(0), true);
    for block in blocks.iter().chain([&last]) {
        let block = vector(block);
        let was_ascii = is_ascii;
        is_ascii = i8x16_bitmask(block) == 0;
        if !(is_ascii & was_ascii) {
            errors = v128_or(errors, mistakes(before, block));
        }
        before = block;
    }
    if v128_any_true(errors) {
        return None;
    }
    // SAFETY: it was looked at byte by byte just now; tests/test_utf8.py asks for every kind of mistake at every place.
    #[expect(unsafe_code, reason = "looking at it twice is what this is here to spare")]
    Some(unsafe { core::str::from_utf8_unchecked(bytes) })
}

/// Not 0 where there is a mistake.
#[inline(always)]
fn mistakes(before: v128, block: v128) -> v128 {
    let first = i8x16_shuffle::<15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30>(before, block);
    let second = i8x16_shuffle::<14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29>(before, block);
    let third = i8x16_shuffle::<13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28>(before, block);
    let by = |table: &[u8; LANES], half: v128| u8x16_swizzle(vector(table), half);
    let low = v128_and(first, u8x16_splat(0x0F));
    let before = v128_and(by(&BEFORE_HIGH, u8x16_shr(first, 4)), by(&BEFORE_LOW, low));
    let found = v128_and(before, by(&HIGH, u8x16_shr(block, 4)));
    // 0x80 and more where the second byte before leads three or more, or the third four.
    let wanted =
        v128_or(u8x16_sub_sat(second, u8x16_splat(0xE0 - 0x80)), u8x16_sub_sat(third, u8x16_splat(0xF0 - 0x80)));
    v128_xor(v128_and(wanted, u8x16_splat(CONTINUES)), found)
}

#[inline(always)]
fn vector(b: &[u8; LANES]) -> v128 {
    u8x16(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15])
}
