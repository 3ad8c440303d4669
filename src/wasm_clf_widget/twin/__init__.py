"""The twin: the model's pipeline written a second time, in plain Python, to check the engine against.

It follows scikit-learn's definition with Python's own ``re``, ``str``, ``unicodedata``, ``math`` and floats. It shares
no table and no code with the engine and imports neither numpy nor scikit-learn nor wasmtime, so that it runs wherever
Python runs.
It is made to be right and readable, not fast: a text of 200 words takes a few milliseconds.
"""

from .answer import Answer
from .doubt import Slack
from .twin import Twin

__all__ = ["Answer", "Slack", "Twin"]
