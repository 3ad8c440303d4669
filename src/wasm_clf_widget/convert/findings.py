"""All that stands in the way of a conversion, in the order in which it was met.

A converter tries each option for itself, so that ``wcw.check`` can list every obstacle of a pipeline at once;
``from_sklearn`` raises the first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ..errors import UnsupportedPipelineError
from .unfitted import UnfittedError

P = ParamSpec("P")
T = TypeVar("T")


class ImpossibleOptionError(UnsupportedPipelineError):
    """A value that scikit-learn itself would not take; another one is tried in its place."""

    def names(self, other: UnsupportedPipelineError) -> bool:
        """Whether another refusal is of the same option, for another reason."""
        return (self.path, self.option) == (other.path, other.option) and self.reason != other.reason

    def instead(self, other: UnsupportedPipelineError) -> ImpossibleOptionError:
        """This refusal with the other's way out."""
        return ImpossibleOptionError(self.path, self.option, self.reason, other.advice, edit=other.edit)


class Findings:
    """Refusals, collected instead of raised."""

    def __init__(self) -> None:
        self.found: list[UnsupportedPipelineError] = []
        self.refusals = 0
        """How often something was refused, what is in ``found`` already included."""

    def attempt(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What ``function`` gives; None where it refuses, which is then noted."""
        try:
            return function(*args, **kwargs)
        except UnsupportedPipelineError as error:
            self.add(error)
            return None

    def add(self, error: UnsupportedPipelineError) -> None:
        """Note a refusal, once: members that were fitted from one template all have the same."""
        self.refusals += 1
        for i, earlier in enumerate(self.found):
            # What was tried in place of an impossible value is refused as well: one line for the option, with the way
            # out of both.
            if isinstance(earlier, ImpossibleOptionError) and earlier.names(error):
                self.found[i] = earlier.instead(error)
                return
        known = any((e.step, e.option, e.reason) == (error.step, error.option, error.reason) for e in self.found)
        # Where one step was never fitted the others were not either: one such line is enough.
        again = isinstance(error, UnfittedError) and any(isinstance(e, UnfittedError) for e in self.found)
        if not known and not again:
            self.found.append(error)
