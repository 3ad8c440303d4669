"""A classifier in a worker's process: loaded from its file once, whichever task comes first."""

from __future__ import annotations

import hashlib
import threading

from ..classifier import Classifier
from ..errors import ModelFileError

_KEPT = 2
_loaded: dict[str, Classifier] = {}
_lock = threading.Lock()


def loaded(sha256: str, data: bytes) -> Classifier:
    """The classifier of these bytes. A worker keeps the last two, so that a long-lived one does not fill up."""
    with _lock:
        if sha256 not in _loaded:
            if hashlib.sha256(data).hexdigest() != sha256:
                raise ModelFileError("the model's bytes changed on their way to this worker: their SHA-256 differs")
            while len(_loaded) >= _KEPT:
                del _loaded[next(iter(_loaded))]
            _loaded[sha256] = Classifier(data)
        return _loaded[sha256]
