"""The published limits of a model file (docs/model-file.md, "Limits")."""

from __future__ import annotations

FORMAT = 1
MAX_FILE = 1 << 30
MAX_HEADER = 4 << 20
MAX_CLASSES = 4_096
MAX_FEATURES = 16_777_216
MAX_WEIGHTS = 134_217_728
MAX_ENTRY = 65_535
MAX_NGRAM = 64
MAX_TRANSFORMS = 64
UNICODE_VERSIONS = ("14.0.0", "15.0.0", "15.1.0", "16.0.0")
