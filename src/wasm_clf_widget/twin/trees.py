"""Decision trees: forests and gradient boosting. Thresholds are compared with features rounded to float32."""

from __future__ import annotations

import math
from array import array

from ..errors import InputError
from ..model.spec import LEFT_OUT, TreesHead
from .doubt import EXACT, OPEN, Doubt, slack
from .row import Row, Run
from .scored import Scored, from_probabilities, from_scores, slacks


class Trees:
    """Every tree is descended; then the leaves' rows are averaged, or their numbers added up."""

    def __init__(self, head: TreesHead) -> None:
        self._spec = head

    def score(self, row: Row | None, run: Run) -> Scored:
        """Exact, but where a feature that may be off by its rounding meets a threshold."""
        assert row is not None
        head = self._spec
        features = {i: (v, s) for i, v, s in zip(row.indices, row.values, row.sizes, strict=True)}
        doubt = Doubt()
        leaves = []
        for root in head.roots:
            leaf, own = self._leaf(root, features, row.doubt)
            leaves.append(leaf)
            doubt |= own
        k = head.outputs
        if head.combine == "mean":
            sums = [0.0] * k
            for leaf in leaves:
                for o in range(k):
                    sums[o] += head.value[leaf * k + o]
            means = [total / len(leaves) for total in sums]
            return from_probabilities(means, (slack(doubt.source, 0.0), slack(doubt.engine, 0.0)))
        scores = [float(first) for first in head.initial]
        sizes = [abs(first) for first in scores]
        for leaf, o in zip(leaves, head.output, strict=True):
            scores[o] += head.value[leaf]
            sizes[o] += abs(head.value[leaf])
        return from_scores(scores, sizes, slacks(doubt, sizes), head.link, head.label)

    def _leaf(self, node: int, features: dict[int, tuple[float, float]], given: Doubt) -> tuple[int, Doubt]:
        """The leaf, and whether another host may have gone another way."""
        head = self._spec
        doubt = Doubt()
        while head.feature[node] != LEFT_OUT:
            value, size = features.get(head.feature[node], (0.0, 0.0))
            threshold = head.threshold[node]
            left = _single(value) <= threshold
            if given != doubt:
                doubt |= Doubt(*(_either(host, value, size, threshold, left=left) for host in given))
            node = head.children[2 * node + (0 if left else 1)]
        return node, doubt


def _either(host: int, value: float, size: float, threshold: float, *, left: bool) -> int:
    """OPEN where the value may come to lie on the other side."""
    if host in (EXACT, OPEN):
        return host
    off = slack(host, size)
    same = (_single(value - off) <= threshold) == left == (_single(value + off) <= threshold)
    return EXACT if same else OPEN


def _single(value: float) -> float:
    """The value as float32."""
    single = float(array("f", [value])[0])
    if math.isinf(single):
        raise InputError(
            f"a feature value of this text, {value:g}, is beyond float32, in which trees compare "
            "(scikit-learn refuses such rows too)"
        )
    return single
