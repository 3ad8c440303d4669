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
    finish(hash, bytes.len())
}

/// The hash of `text[start..end]`, without branches for words of up to 16 bytes where there are as many behind `start`:
/// how long a word is cannot be foretold.
#[inline(always)]
pub fn murmur3_at(text: &[u8], start: usize, end: usize) -> i32 {
    let size = end.wrapping_sub(start);
    let chunk = text.get(start..).and_then(<[u8]>::first_chunk::<16>);
    let Some(chunk) = chunk.filter(|_| size < 16) else {
        return murmur3(text.get(start..end).unwrap_or_default());
    };
    let (words, _) = chunk.as_chunks::<4>();
    let mut hash = 0u32;
    let mut last = 0;
    for (i, word) in words.iter().enumerate() {
        let word = u32::from_le_bytes(*word);
        let mixed = (hash ^ scramble(word)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
        hash = if size >= 4 * i + 4 { mixed } else { hash };
        last = if size / 4 == i { word } else { last };
    }
    // Of no bytes nothing is kept, and scrambling 0 gives 0.
    finish(hash ^ scramble(last & ((1 << (8 * (size % 4))) - 1)), size)
}

#[inline(always)]
fn finish(hash: u32, size: usize) -> i32 {
    // The length is 32 bits wide in the original, too.
    let hash = hash ^ size as u32;
    let hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    let hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
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
    if n_features.is_power_of_two() {
        return hash.unsigned_abs() & (n_features - 1); // the usual case, without a division
    }
    hash.unsigned_abs().checked_rem(n_features).unwrap_or(0)
}

/// What `alternate_sign` multiplies the value with: whether it stays positive.
#[inline]
pub fn is_positive(hash: i32) -> bool {
    hash >= 0
}

#[cfg(test)]
mod tests {
    use super::{column, is_positive, murmur3, murmur3_at};

    #[test]
    fn hashes_are_those_of_scikit_learn() {
        // From sklearn.utils.murmurhash3_32(text, seed=0); every length of the tail, and bytes from 0x80.
        for (text, hash) in CASES {
            assert_eq!(murmur3(text.as_bytes()), hash, "of {text:?}");
            for behind in ["", " and twenty bytes behind"] {
                let within = format!("before{text}{behind}");
                assert_eq!(murmur3_at(within.as_bytes(), 6, 6 + text.len()), hash, "of {text:?} within {within:?}");
            }
        }
    }

    #[test]
    fn a_column_is_that_of_scikit_learn() {
        // By scikit-learn's own formula, in 64 bits, the smallest hash apart as there.
        for n in [1_u32, 2, 3, 7, 1000, 1 << 20, (1 << 31) - 1] {
            for hash in [0, 1, -1, 5, -5, i32::MAX, -i32::MAX, 123_456_789, -987_654_321] {
                assert_eq!(i64::from(column(hash, n)), i64::from(hash).abs() % i64::from(n));
            }
            let wide = i64::from(n);
            assert_eq!(i64::from(column(i32::MIN, n)), (2_147_483_647 - (wide - 1)) % wide);
        }
        assert_eq!(column(5, 0), 0);
        assert!(is_positive(0) && is_positive(1) && !is_positive(-1) && !is_positive(i32::MIN));
    }

    const CASES: [(&str, i32); 13] = [
        ("", 0),
        ("a", 1_009_084_850),
        ("ab", -1_681_926_305),
        ("abc", -1_277_324_294),
        ("abcd", 1_139_631_978),
        ("abcde", -392_455_434),
        ("foo bar", 171_088_983),
        ("not good", -111_246_651),
        ("é", 269_551_495),
        ("日本語", -1_515_949_417),
        ("ß ünïcode", -155_555_042),
        ("\0", 1_364_076_727),
        ("the quick brown fox", 519_850_996),
    ];
}
