"""Print the golden figures of the tests in engine/src/ln.rs, from Python's decimal arithmetic (about a minute).

ln is computed to 60 digits and rounded once, by `float(Decimal)`, which rounds correctly. The random doubles come
from the same xorshift generator as in the Rust test. Usage: python tools/ln_golden.py
"""

from __future__ import annotations

import decimal
import struct
from collections.abc import Iterable, Iterator

RANDOM = 20_000
INTEGERS = 100_000
MASK = (1 << 64) - 1


def bits(x: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", x))[0])


def ln(x: float) -> float:
    return float(decimal.Decimal(x).ln())


def fnv(values: Iterable[int]) -> int:
    """FNV-1a over the bytes of 64-bit words, lowest first."""
    h = 0xCBF29CE484222325
    for value in values:
        for byte in value.to_bytes(8, "little"):
            h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def random_bits() -> Iterator[int]:
    """xorshift64 from seed 88172645463325252."""
    x = 88172645463325252
    while True:
        x ^= (x << 13) & MASK
        x ^= x >> 7
        x ^= (x << 17) & MASK
        yield x


def from_bits(word: int) -> float:
    return float(struct.unpack("<d", struct.pack("<Q", word))[0])


def main() -> None:
    decimal.getcontext().prec = 60
    decimal.getcontext().Emin, decimal.getcontext().Emax = decimal.MIN_EMIN, decimal.MAX_EMAX
    print(f"integers 1..={INTEGERS}: {fnv(bits(ln(float(n))) for n in range(1, INTEGERS + 1)):#018x}")
    words = random_bits()
    # Any exponent, subnormals too: the sign is cleared, infinities and NaN are passed over.
    anywhere: list[int] = []
    while len(anywhere) < RANDOM:
        word = next(words) & (MASK >> 1)
        if word >> 52 != 0x7FF:
            anywhere.append(word)
    print(f"anywhere: {fnv(bits(ln(from_bits(word))) for word in anywhere):#018x}")
    # Near one, where k·ln 2 and ln m are of one size or ln m stands alone: exponents of 1/4 to 4.
    near = [(next(words) & ((1 << 52) - 1)) | (0x3FD + i % 4) << 52 for i in range(RANDOM)]
    print(f"near one: {fnv(bits(ln(from_bits(word))) for word in near):#018x}")
    for x in (5e-324, 1.0 - 2**-53, 1.0 + 2**-52, 3.0, 9170.0, 1.7976931348623157e308):
        print(f"{bits(x):#018x} {bits(ln(x)):#018x}")


if __name__ == "__main__":
    main()
