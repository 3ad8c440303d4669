"""MurmurHash3, 32 bit, in plain Python: the hash behind ``HashingVectorizer``."""

from __future__ import annotations

from functools import lru_cache
from struct import unpack_from

_MASK = 0xFFFFFFFF
_C1 = 0xCC9E2D51
_C2 = 0x1B873593


def _scramble(block: int) -> int:
    block = (block * _C1) & _MASK
    block = (block << 15 | block >> 17) & _MASK
    return (block * _C2) & _MASK


def murmur3_32(data: bytes, seed: int = 0) -> int:
    """Hash of ``data`` as a signed 32-bit integer."""
    state = seed
    blocks = len(data) // 4
    for block in unpack_from(f"<{blocks}I", data):
        state ^= _scramble(block)
        state = (state << 13 | state >> 19) & _MASK
        state = (state * 5 + 0xE6546B64) & _MASK
    tail = data[4 * blocks :]
    if tail:
        state ^= _scramble(int.from_bytes(tail, "little"))
    state ^= len(data)
    state ^= state >> 16
    state = (state * 0x85EBCA6B) & _MASK
    state ^= state >> 13
    state = (state * 0xC2B2AE35) & _MASK
    state ^= state >> 16
    return state - (1 << 32) if state >> 31 else state


# While somebody types, nearly every n-gram of a text was hashed at the keystroke before.
@lru_cache(maxsize=1 << 16)
def hashed(ngram: str) -> int:
    """Hash of an n-gram's UTF-8 bytes with seed 0, as ``FeatureHasher`` takes it."""
    return murmur3_32(ngram.encode("utf-8"))
