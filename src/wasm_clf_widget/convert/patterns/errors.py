"""Why a pattern cannot be translated, and what to do about it."""

from __future__ import annotations


class PatternError(ValueError):
    """``reason`` says what is in the way, ``suggestion`` what to write instead."""

    def __init__(self, reason: str, suggestion: str) -> None:
        super().__init__(f"{reason}; instead: {suggestion}")
        self.reason = reason
        self.suggestion = suggestion
