"""Text classifiers trained in Python, run with the same answers in the notebook's tab and in the kernel.

    import wasm_clf_widget as wcw
    clf = wcw.Classifier.from_sklearn(pipeline, name="reviews")
    clf.classify("works well")

Importing this package needs the standard library only: numpy, wasmtime, scikit-learn and anywidget are imported when
something of theirs is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .check import CheckReport, Obstacle, check
from .classifier import Classifier
from .errors import (
    EngineError,
    InputError,
    ModelFileError,
    TooManyStepsError,
    UnsupportedPipelineError,
    WasmClfError,
)
from .results import ClassificationResult, Explanation, FirstDifference, ModelInfo, ParityReport, Span

if TYPE_CHECKING:
    from .widget import ClassifierWidget

__version__ = "0.1.0"

__all__ = [
    "CheckReport",
    "ClassificationResult",
    "Classifier",
    "ClassifierWidget",
    "EngineError",
    "Explanation",
    "FirstDifference",
    "InputError",
    "ModelFileError",
    "ModelInfo",
    "Obstacle",
    "ParityReport",
    "Span",
    "TooManyStepsError",
    "UnsupportedPipelineError",
    "WasmClfError",
    "__version__",
    "check",
]


def __getattr__(name: str) -> Any:
    """The widget on first use: it needs anywidget, which a classifier alone does not."""
    if name == "ClassifierWidget":
        from .widget import ClassifierWidget

        return ClassifierWidget
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
