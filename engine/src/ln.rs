//! The natural logarithm, correctly rounded, for sublinear term frequencies.
//!
//! Why not `libm`: its `log` differs from the correctly rounded value already at 3, 14, 48 and 74, and scores must
//! have the bits that scikit-learn's have. Here the logarithm is computed as a sum of two doubles that is good
//! to about 2^-103 and then rounded once: every integer up to 100,000 is tested, and of all doubles about one in
//! 2^49 could be rounded to the neighbour. Plain additions, multiplications and divisions only, so each host gives
//! the same bits.
//!
//! x = 2^k·m with m in [√½, √2); ln x = k·ln 2 + 2·atanh(s), s = (m − 1)/(m + 1), |s| ≤ 0.1716.

/// An unevaluated sum `.0 + .1`, the second below half a unit in the last place of the first.
type Double2 = (f64, f64);

/// ln 2 in three parts; the first two have so few bits that k·part is exact for every exponent k.
const LN2: [f64; 3] = [
    f64::from_bits(0x3fe6_2e42_fefa_3800),
    f64::from_bits(0x3d2e_f357_93c7_6000),
    f64::from_bits(0x3a8c_c01f_97b5_7a08),
];

/// How far the series goes: terms s^(2i+1)/(2i+1) up to i = `terms`, those from i = `single_from` on in one double.
struct Effort {
    terms: usize,
    single_from: usize,
    /// The sum is surely closer than this to the logarithm, relatively.
    error: f64,
}

/// Enough to round all but about one number in a thousand: the first term left out is below 2^-75 of the sum, the
/// first one in a single double contributes 2^-71.
const QUICK: Effort = Effort { terms: 14, single_from: 3, error: 1.0 / (1_u64 << 63) as f64 / 8.0 };
/// For the others: 2^-117 and 2^-113, so that what limits are the sums of two doubles.
const FULL: Effort = Effort { terms: 22, single_from: RECIPROCALS.len(), error: 0.0 };

/// Logarithms of the counts that nearly all term frequencies are.
const SMALL: [f64; 17] = small();

/// ln of a term frequency (0 gives −∞).
#[inline]
pub fn ln_count(n: u32) -> f64 {
    match SMALL.get(n as usize) {
        Some(&value) => value,
        None => ln(f64::from(n)),
    }
}

/// ln x, rounded to nearest; ln 0 = −∞, of negative numbers and NaN it is NaN.
pub const fn ln(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x == f64::INFINITY {
        return x;
    }
    let (k, m) = split(x);
    if m == 1.0 && k == 0.0 {
        return 0.0;
    }
    let (high, low) = sum(k, m, &QUICK);
    let error = high * QUICK.error;
    // Where the whole interval rounds to one number, that is it.
    if high + (low + error) == high + (low - error) {
        return high + low;
    }
    let (high, low) = sum(k, m, &FULL);
    high + low
}

/// k·ln 2 + ln m.
const fn sum(k: f64, m: f64, effort: &Effort) -> Double2 {
    let (high, low) = ln_near_one(m, effort);
    // Largest first: k·LN2[0] and k·LN2[1] are exact, so nothing is lost above 2^-103.
    let (sum, rest) = two_sum(k * LN2[0], high);
    let (rest, a) = two_sum(rest, k * LN2[1]);
    let (rest, b) = two_sum(rest, low);
    let (sum, rest) = two_sum(sum, rest);
    (sum, rest + (a + b + k * LN2[2]))
}

/// x = 2^k·m, √½ ≤ m < √2 (about), for finite positive x.
const fn split(x: f64) -> (f64, f64) {
    const TWO_54: f64 = 18_014_398_509_481_984.0;
    const SQRT_HALF_HIGH: u64 = 0x3fe6_a09e;
    let (bits, scaled) = if x < f64::MIN_POSITIVE { ((x * TWO_54).to_bits(), 54.0) } else { (x.to_bits(), 0.0) };
    // Moving the origin of the exponent to √½ makes the shift count from there.
    let moved = bits + ((0x3ff0_0000 - SQRT_HALF_HIGH) << 32);
    let k = (moved >> 52) as i64 - 0x3ff;
    let m = f64::from_bits(bits.wrapping_sub((k as u64) << 52));
    (k as f64 - scaled, m)
}

/// ln m for m in [√½, √2).
const fn ln_near_one(m: f64, effort: &Effort) -> Double2 {
    // m − 1 is exact here, m + 1 is not.
    let s = divide(m - 1.0, two_sum(m, 1.0));
    let square = multiply(s, s);
    let mut tail = 0.0;
    let mut i = effort.terms;
    while i >= effort.single_from {
        tail = tail * square.0 + 1.0 / (2 * i + 1) as f64;
        i -= 1;
    }
    let mut sum = (tail, 0.0);
    while i > 0 {
        sum = add(RECIPROCALS[i], multiply(sum, square));
        i -= 1;
    }
    // s·(1 + sum·s²): the small part apart, so that its error counts little.
    let small = multiply(multiply(sum, square), s);
    let (high, low) = add(s, small);
    (2.0 * high, 2.0 * low)
}

/// 1/(2i + 1) to two doubles.
const RECIPROCALS: [Double2; 11] = {
    let mut table = [(0.0, 0.0); 11];
    let mut i = 0;
    while i < table.len() {
        table[i] = divide(1.0, ((2 * i + 1) as f64, 0.0));
        i += 1;
    }
    table
};

const fn small() -> [f64; 17] {
    let mut table = [0.0; 17];
    let mut n = 0;
    while n < table.len() {
        table[n] = ln(n as f64);
        n += 1;
    }
    table
}

/// a + b, exactly.
const fn two_sum(a: f64, b: f64) -> Double2 {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// The same where |a| ≥ |b| or a = 0.
const fn fast_two_sum(a: f64, b: f64) -> Double2 {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// a · b, exactly (all numbers here are of moderate size).
const fn two_product(a: f64, b: f64) -> Double2 {
    // Veltkamp's splitting into halves of 26 bits, Dekker's product.
    const SPLITTER: f64 = 134_217_729.0;
    let product = a * b;
    let (a_up, b_up) = (SPLITTER * a, SPLITTER * b);
    let (a_high, b_high) = (a_up - (a_up - a), b_up - (b_up - b));
    let (a_low, b_low) = (a - a_high, b - b_high);
    (product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low)
}

const fn add(a: Double2, b: Double2) -> Double2 {
    let (high, low) = two_sum(a.0, b.0);
    let (low_high, low_low) = two_sum(a.1, b.1);
    let (high, low) = fast_two_sum(high, low + low_high);
    fast_two_sum(high, low + low_low)
}

const fn multiply(a: Double2, b: Double2) -> Double2 {
    let (high, low) = two_product(a.0, b.0);
    fast_two_sum(high, low + (a.0 * b.1 + a.1 * b.0))
}

/// a / b, three steps of long division.
const fn divide(a: f64, b: Double2) -> Double2 {
    let first = a / b.0;
    let rest = add((a, 0.0), negate(multiply(b, (first, 0.0))));
    let second = rest.0 / b.0;
    let rest = add(rest, negate(multiply(b, (second, 0.0))));
    let third = rest.0 / b.0;
    let (high, low) = fast_two_sum(first, second);
    fast_two_sum(high, low + third)
}

const fn negate(a: Double2) -> Double2 {
    (-a.0, -a.1)
}

#[cfg(test)]
mod tests {
    use super::{ln, ln_count};

    // All golden figures are printed by tools/ln_golden.py, from 60 decimal digits.
    const INTEGERS: u64 = 0x823b_4424_5616_f5b0;
    const ANYWHERE: u64 = 0x3628_47a4_3bcf_c30c;
    const NEAR_ONE: u64 = 0x4116_1975_7bf6_a4d5;
    const CASES: [(u64, u64); 6] = [
        (0x0000_0000_0000_0001, 0xc087_4385_446d_71c3),
        (0x3fef_ffff_ffff_ffff, 0xbca0_0000_0000_0000),
        (0x3ff0_0000_0000_0001, 0x3caf_ffff_ffff_ffff),
        (0x4008_0000_0000_0000, 0x3ff1_93ea_7aad_030b),
        (0x40c1_e900_0000_0000, 0x4022_3f54_a1c5_04c1),
        (0x7fef_ffff_ffff_ffff, 0x4086_2e42_fefa_39ef),
    ];

    fn fnv(values: impl Iterator<Item = f64>) -> u64 {
        values
            .flat_map(|value| value.to_bits().to_le_bytes())
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    }

    fn random_bits() -> impl Iterator<Item = u64> {
        let mut x = 88_172_645_463_325_252_u64;
        core::iter::repeat_with(move || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x
        })
    }

    #[test]
    fn every_integer_to_100000_is_correctly_rounded() {
        assert_eq!(fnv((1..=100_000).map(ln_count)), INTEGERS);
        assert_eq!(fnv((1..=100_000).map(|n| ln(f64::from(n)))), INTEGERS);
    }

    #[test]
    fn random_doubles_are_correctly_rounded() {
        let mut words = random_bits();
        let anywhere: Vec<f64> = words
            .by_ref()
            .map(|word| f64::from_bits(word & (u64::MAX >> 1)))
            .filter(|x| x.is_finite())
            .take(20_000)
            .collect();
        assert_eq!(fnv(anywhere.into_iter().map(ln)), ANYWHERE);
        let near = words
            .take(20_000)
            .zip(0_u64..)
            .map(|(word, i)| f64::from_bits(word & ((1 << 52) - 1) | (0x3fd + i % 4) << 52));
        assert_eq!(fnv(near.map(ln)), NEAR_ONE);
    }

    #[test]
    fn edges() {
        for (x, expected) in CASES {
            assert_eq!(ln(f64::from_bits(x)).to_bits(), expected, "ln of the double with bits {x:#x}");
        }
        assert_eq!(ln(1.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(ln_count(1).to_bits(), 0.0_f64.to_bits());
        assert_eq!(ln_count(0), f64::NEG_INFINITY);
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(ln(-0.0), f64::NEG_INFINITY);
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan() && ln(f64::NEG_INFINITY).is_nan());
    }
}
