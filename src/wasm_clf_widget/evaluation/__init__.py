"""``clf.evaluate``: how good a classifier is on labelled texts. The measures and their pictures are scikit-learn's.

given labels → given → measure → results; results show themselves by view, which asks plots for the picture.
"""

from __future__ import annotations

from .measure import evaluate
from .results import Calibration, ClassScores, Evaluation, Mistake, MultilabelEvaluation, MultioutputEvaluation

__all__ = [
    "Calibration",
    "ClassScores",
    "Evaluation",
    "Mistake",
    "MultilabelEvaluation",
    "MultioutputEvaluation",
    "evaluate",
]
