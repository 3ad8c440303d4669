"""Decision trees, forests and gradient boosting: the fitted trees' nodes in one table."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from ...errors import UnsupportedPipelineError
from ...model.numbers import doubles
from ...model.spec import LEFT_OUT, Classes, ConstantHead, Head, Link, MultiOutputHead, Pipeline, TreesHead
from ..arrays import check_finite
from ..classes import convert_classes
from ..job import Classified, Job, Row
from ..unfitted import refuse_unfitted

TREES: Final = (DecisionTreeClassifier, ExtraTreeClassifier)
FORESTS: Final = (RandomForestClassifier, ExtraTreesClassifier)
BOOSTED: Final = (GradientBoostingClassifier,)
MAX_NODES: Final = 16_777_216


def convert_trees(job: Job, step: str, estimator: Any, row: Row) -> Classified:
    """One tree or a forest: the mean of the leaves' rows of probabilities."""
    single = type(estimator) in TREES
    if not hasattr(estimator, "tree_" if single else "estimators_"):
        raise refuse_unfitted(step, estimator)
    job.found.attempt(_check_width, step, estimator, row)
    trees = [estimator.tree_] if single else [tree.tree_ for tree in estimator.estimators_]
    # scikit-learn weighs by class_weight while it fits: what it says of a text is in the leaves already.
    table = _Table(step, trees)
    if estimator.n_outputs_ == 1:
        classes = convert_classes(step, estimator.classes_, fewest=1)
        head = _head(table, 0, classes)
        return Classified(Pipeline(None, (), head), (classes,), decision=False)
    class_sets = tuple(convert_classes(step, values, fewest=1) for values in estimator.classes_)
    members = tuple(Pipeline(None, (), _head(table, k, classes)) for k, classes in enumerate(class_sets))
    return Classified(Pipeline(None, (), MultiOutputHead(members)), class_sets, targets="multioutput", decision=False)


def _head(table: _Table, output: int, classes: Classes) -> Head:
    """Of one class alone (an output of several, as a rule) every leaf says the same."""
    n = len(classes.values)
    return table.mean(output, n) if n > 1 else ConstantHead(doubles([1.0]), [0])


def convert_boosting(job: Job, step: str, estimator: Any, row: Row) -> Classified | None:
    """The initial scores, to which each tree adds its leaf times the learning rate."""
    own_start = job.found.attempt(_check_init, step, estimator)
    if not hasattr(estimator, "estimators_"):
        raise refuse_unfitted(step, estimator)
    job.found.attempt(_check_width, step, estimator, row)
    classes = job.found.attempt(convert_classes, step, estimator.classes_)
    if classes is None or not own_start:
        return None
    initial = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32)).ravel()
    outputs = initial.size
    stages = estimator.estimators_
    table = _Table(step, [tree.tree_ for stage in stages for tree in stage])
    values = np.concatenate([tree.tree_.value[:, 0, 0] for stage in stages for tree in stage])
    values = float(estimator.learning_rate) * values
    check_finite(step, "value", values)
    check_finite(step, "init", initial)
    n = len(classes.values)
    exponential = estimator.loss == "exponential"
    # The exponential loss is that of half the log odds: its probability is σ(2s).
    link: Link = ("softmax_pair" if exponential else "logistic") if n == 2 else "softmax"
    head = TreesHead(
        combine="sum",
        link=link,
        label="sign_or_zero" if n == 2 else "argmax",
        outputs=outputs,
        roots=table.roots,
        output=[k for stage in stages for k in range(len(stage))],
        feature=table.feature,
        threshold=table.threshold,
        children=table.children,
        value=doubles(values),
        initial=doubles(initial),
    )
    return Classified(Pipeline(None, (), head), (classes,))


def _check_init(step: str, estimator: Any) -> bool:
    if estimator.init is not None and not (isinstance(estimator.init, str) and estimator.init == "zero"):
        raise UnsupportedPipelineError(
            step,
            "init",
            f"the scores begin at those of another estimator, {type(estimator.init).__name__}",
            "init=None or 'zero', and fit again",
            edit={"init": None},
        )
    return True


class _Table:
    """The nodes of several trees behind each other. scikit-learn numbers a tree's nodes so that children follow."""

    def __init__(self, step: str, trees: list[Any]) -> None:
        counts = [int(tree.node_count) for tree in trees]
        if sum(counts) > MAX_NODES:
            raise UnsupportedPipelineError(
                step,
                "max_depth",
                f"the trees have {sum(counts):,} nodes; a model file holds {MAX_NODES:,}",
                "max_depth= or max_leaf_nodes=, or fewer trees, and fit again",
                edit={"max_depth": 20},
            )
        for tree in trees:
            _check_tree(step, tree)
        roots = np.cumsum([0, *counts[:-1]])
        self._trees = trees
        leaf = [tree.children_left < 0 for tree in trees]
        feature = np.concatenate([np.where(end, LEFT_OUT, t.feature) for t, end in zip(trees, leaf, strict=True)])
        threshold = np.concatenate([np.where(end, 0.0, t.threshold) for t, end in zip(trees, leaf, strict=True)])
        children = np.concatenate(
            [
                np.where(end[:, None], 0, np.column_stack([t.children_left, t.children_right]) + root)
                for t, end, root in zip(trees, leaf, roots.tolist(), strict=True)
            ]
        )
        self.roots = roots.tolist()
        self.feature = feature.astype(np.int64).tolist()
        self.threshold = doubles(threshold.astype(np.float64))
        self.children = children.ravel().astype(np.int64).tolist()

    def mean(self, output: int, n_classes: int) -> TreesHead:
        """The head for one output of the trees."""
        value = np.concatenate([tree.value[:, output, :n_classes] for tree in self._trees])
        return TreesHead(
            combine="mean",
            link="none",
            label="argmax",
            outputs=n_classes,
            roots=self.roots,
            output=(),
            feature=self.feature,
            threshold=self.threshold,
            children=self.children,
            value=doubles(np.ascontiguousarray(value, dtype=np.float64)),
            initial=(),
        )


def _check_tree(step: str, tree: Any) -> None:
    """scikit-learn walks a tree without looking where it goes: one from a damaged file must not get that far."""
    left, right = tree.children_left, tree.children_right
    inner = left >= 0
    own = np.arange(tree.node_count)
    in_order = (left > own) & (right > own) & (left < tree.node_count) & (right < tree.node_count)
    known = (tree.feature >= 0) & (tree.feature < tree.n_features)
    if not (in_order & known)[inner].all() or not (right[~inner] < 0).all():
        raise UnsupportedPipelineError(step, "tree_", "the nodes of a tree point nowhere", "a fit of your own")
    check_finite(step, "threshold", tree.threshold[inner])
    check_finite(step, "value", tree.value)


def _check_width(step: str, estimator: Any, row: Row) -> None:
    if row.n_features is not None and estimator.n_features_in_ != row.n_features:
        raise UnsupportedPipelineError(
            step,
            "n_features_in_",
            f"it takes {estimator.n_features_in_:,} of {row.n_features:,} features",
            "fit the whole pipeline again: its steps were fitted on different data",
        )
