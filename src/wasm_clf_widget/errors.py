"""The errors of this package: each names what was given, what is allowed and what to do."""

from __future__ import annotations


class WasmClfError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(WasmClfError, ValueError):
    """A text, label or argument that cannot be used as it is."""


class ModelFileError(WasmClfError, ValueError):
    """A model file that is damaged, altered, not a model, or of a later format."""


class EngineError(WasmClfError, RuntimeError):
    """The WebAssembly engine is missing, cannot be started, or stopped."""


class UnsupportedPipelineError(WasmClfError, ValueError):
    """A pipeline that cannot be converted exactly.

    Attributes:
        step: name of the pipeline's step that is in the way.
        option: its parameter (or the class's name).
        reason: why it cannot be exact here.
        suggestion: what would work instead.
    """

    def __init__(self, step: str, option: str, reason: str, suggestion: str = "") -> None:
        self.step = step
        self.option = option
        self.reason = reason
        self.suggestion = suggestion
        message = f"step {step!r}, option {option!r}: {reason}"
        super().__init__(f"{message} Try: {suggestion}" if suggestion else message)
