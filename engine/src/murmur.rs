//! MurmurHash3 x86_32 with seed 0, and the column and sign that scikit-learn's HashingVectorizer makes of it.

const C1: u32 = 0xcc9e_2d51;
const C2: u32 = 0x1b87_3593;

/// The hash, as the signed number that scikit-learn reads it as.
#[inline]
pub fn murmur3(bytes: &[u8]) -> i32 {
    let mut hash = 0u32;
    let (words, tail) = bytes.as_chunks::<4>();
    for word in words {
        hash ^= scramble(u32::from_le_bytes(*word));
        hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    if !tail.is_empty() {
        let last = tail.iter().rev().fold(0, |last, &byte| last << 8 | u32::from(byte));
        hash ^= scramble(last);
    }
    // The length is 32 bits wide in the original, too.
    hash ^= bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    (hash ^ hash >> 16) as i32
}

#[inline]
fn scramble(word: u32) -> u32 {
    word.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}

/// The feature of a hash among `n_features` (of 0 features: 0, never a division by zero).
///
/// scikit-learn writes `(2**31 - 1 - (n - 1)) % n` where the hash is -2**31, whose absolute value does not fit
/// an int32; that is the same as `2**31 % n`, which is what the unsigned absolute value gives.
#[inline]
pub fn column(hash: i32, n_features: u32) -> u32 {
    hash.unsigned_abs().checked_rem(n_features).unwrap_or(0)
}

/// What `alternate_sign` multiplies the value with: whether it stays positive.
#[inline]
pub fn is_positive(hash: i32) -> bool {
    hash >= 0
}
