"""The errors of this package: each names what was given, what is allowed and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class WasmClfError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(WasmClfError, ValueError):
    """A text, label or argument that cannot be used as it is."""


class ModelFileError(WasmClfError, ValueError):
    """A model file that is damaged, altered, not a model, or of a later format."""


class EngineError(WasmClfError, RuntimeError):
    """The WebAssembly engine is missing, cannot be started, or stopped."""


class TooManyStepsError(EngineError):
    """The token pattern goes back and forth between too many ways to match this text.

    Python's own re has no budget, and tries on. The budget stands in docs/model-file.md, "Token patterns".
    """


class UnsupportedPipelineError(WasmClfError, ValueError):
    """A pipeline that cannot be converted exactly.

    Attributes:
        step: path of the pipeline's step that is in the way, as ``set_params`` writes it ("union__tfidf"); "pipeline"
            where it is the whole, whose ``path`` is "".
        option: its parameter (or the class's name).
        reason: why it cannot be exact here.
        advice: what would work instead, in words.
        suggestion: the pipeline with this and all other obstacles edited, not fitted, where one can be made; else the
            same as ``advice``.
        edit: what the edited pipeline has other than the given one: parameters of the step by name, or under "" the
            estimator that takes the step's place.
    """

    def __init__(
        self, step: str, option: str, reason: str, advice: str = "", *, edit: Mapping[str, Any] | None = None
    ) -> None:
        self.path = step
        self.step = step = step or "pipeline"
        self.option = option
        self.reason = reason
        self.advice = advice
        self.suggestion: Any = advice
        self.edit = dict(edit or {})
        message = f"step {step!r}, option {option!r}: {reason}"
        super().__init__(f"{message} Try: {advice}" if advice else message)

    def __str__(self) -> str:
        message = super().__str__()
        if isinstance(self.suggestion, str):
            return message
        return f"{message}\nThe edited pipeline (.suggestion, to be fitted):\n{self.suggestion!r}"

    def __reduce__(self) -> Any:
        state = {"suggestion": self.suggestion, "edit": self.edit}
        return type(self), (self.path, self.option, self.reason, self.advice), state
