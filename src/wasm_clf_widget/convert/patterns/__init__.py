"""A Python token pattern as a small program for the engine: `compile_pattern`.

Why a program: the page must not carry a regex compiler. Python's own parser is asked for the parsed pattern, and
Python's own matcher for the exact code points of every set (`sets`). What is written down (`program`;
docs/model-file.md, "Token patterns") is matched by a few hundred lines of the engine. Patterns that find the same words
as the engine's own cutter say just that (`words`). What cannot be exact is a `PatternError`.
"""

from .compile import compile_pattern
from .errors import PatternError

__all__ = ["PatternError", "compile_pattern"]
