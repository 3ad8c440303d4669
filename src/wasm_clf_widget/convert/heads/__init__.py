"""Fitted classifiers as heads of the model file, or a refusal that names the option.

Only what is known to be exact is accepted, by the class itself and not by its ancestors: a subclass may compute
anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sklearn.dummy import DummyClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.neural_network import MLPClassifier

from ..job import Classified, Job, Row
from .dense import convert_centroids, convert_constant, convert_layers
from .linear import BAYES, LINEAR, convert_bayes, convert_linear
from .meta import META as _META
from .threshold import THRESHOLDS, convert_threshold
from .trees import BOOSTED, FORESTS, TREES, convert_boosting, convert_trees

__all__ = ["HEADS", "META"]

META: Final = {**_META, **dict.fromkeys(THRESHOLDS, convert_threshold)}
HEADS: Final[dict[type, Callable[[Job, str, Any, Row], Classified | None]]] = {
    **dict.fromkeys(LINEAR, convert_linear),
    **dict.fromkeys(BAYES, convert_bayes),
    MLPClassifier: convert_layers,
    NearestCentroid: convert_centroids,
    DummyClassifier: convert_constant,
    **dict.fromkeys((*TREES, *FORESTS), convert_trees),
    **dict.fromkeys(BOOSTED, convert_boosting),
}
"""Heads that need a row of features; those in ``META`` have members and may be given texts as well."""
