"""Which edition of the engine a model needs.

The linear edition is little more than half as large as the complete one, and enough for what most pages show: one
vectorizer with a linear head. The file says so in its document, so that a page need not load the other
(docs/engine-abi.md, "Editions"); the engine itself refuses what it does not know.
"""

from __future__ import annotations

from typing import Literal

from .spec import ConstantHead, LinearHead, Model, Svd, Union, Vectorizer

Edition = Literal["linear", "complete"]


def edition_of(model: Model) -> Edition:
    """The smallest edition that runs the model: both give the same bits."""
    front, head = model.pipeline.front, model.pipeline.head
    if not isinstance(front, Vectorizer) or not isinstance(head, LinearHead | ConstantHead):
        return "complete"
    if front.program is not None or front.strip_accents is not None:
        return "complete"
    if any(isinstance(transform, Svd | Union) for transform in model.pipeline.transforms):
        return "complete"
    # Without a table the engine has to make one.
    words = front.vocabulary is not None or bool(front.stop_words)
    return "complete" if words and not any(table is not None for table in model.tables) else "linear"
