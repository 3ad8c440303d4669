"""Which scikit-learn is installed: some rules differ from one minor version to the next."""

from __future__ import annotations

from typing import Final

import sklearn

from ..errors import UnsupportedPipelineError

OLDEST: Final = (1, 6)
"""The oldest version whose rules are known and tested; see the make target ``test-sklearn``."""


def installed() -> tuple[int, int]:
    """(major, minor), read anew so that a test may pretend."""
    major, minor = sklearn.__version__.split(".")[:2]
    return int(major), int(minor)


def check_version() -> None:
    """Older versions have other rules, of which nothing is known here."""
    if installed() < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise UnsupportedPipelineError(
            "",
            "scikit-learn",
            f"version {sklearn.__version__} is installed; conversion is exact from {oldest} on",
            f"scikit-learn {oldest} or later, and fit again",
        )
