"""Where each entry of a vocabulary stands: a hash table of places only, whose strings stay where they are.

A dict of 200,000 n-grams takes 30 MB, three times their model's whole file, and every conversion and every comparison
makes one; this takes 4 bytes for each of 2 to 4 slots an entry, and a look-up decodes the one entry it may be.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence


class Places:
    """The index of each string in a sequence without duplicates."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._entries = entries
        self._mask = mask = (1 << (2 * len(entries)).bit_length()) - 1
        # A slot holds the place + 1; 0 is empty. At least half of them are, so that every search ends soon.
        self._slots = slots = array("I", bytes(4 * (mask + 1)))
        for place, entry in enumerate(entries, 1):
            slot = hash(entry) & mask
            while slots[slot]:
                slot = (slot + 1) & mask
            slots[slot] = place

    def get(self, entry: str) -> int | None:
        """The index of an entry, None where there is none."""
        slots, mask = self._slots, self._mask
        slot = hash(entry) & mask
        while place := slots[slot]:
            if self._entries[place - 1] == entry:
                return place - 1
            slot = (slot + 1) & mask
        return None
