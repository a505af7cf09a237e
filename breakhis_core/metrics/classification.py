"""Metrics of a classification as functions of its confusion matrix, one or a whole stack at once.

Every function takes confusion matrices of shape ``(..., K, K)``: rows are true classes, columns predicted
ones, entries are counts or, in a bootstrap, weighted counts. The leading dimensions pass through, so a
thousand resamples cost one call. A metric whose denominator is zero is ``nan``: it is undefined, not zero.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def confusion_matrix(true: Integers, predicted: Integers, classes: int) -> Integers:
    """Count how often each true class was predicted as each class.

    Args:
        true: true class of each image, shape ``(N,)``, values in ``0 .. classes - 1``.
        predicted: predicted class of each image, shape ``(N,)``, values in the same range.
        classes: number of classes K.

    Returns:
        Counts, shape ``(K, K)``, rows true and columns predicted.

    Raises:
        ValueError: lengths differ, or a class is out of range.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    nowhere = np.zeros(len(true), dtype=np.int64)
    counts: Integers = confusion_by_group(true, predicted, nowhere, classes, 1)[0]
    return counts


def confusion_by_group(
    true: Integers, predicted: Integers, groups: Integers, classes: int, group_count: int
) -> Integers:
    """Count a confusion matrix for each group, such as each case.

    Args:
        true: true class of each image, shape ``(N,)``.
        predicted: predicted class of each image, shape ``(N,)``.
        groups: group of each image, shape ``(N,)``, values in ``0 .. group_count - 1``.
        classes: number of classes K.
        group_count: number of groups G.

    Returns:
        Counts, shape ``(G, K, K)``. Their sum over groups is the confusion matrix of all images.

    Raises:
        ValueError: lengths differ, or a class or group is out of range.

    >>> confusion_by_group(np.array([0, 1]), np.array([0, 0]), np.array([0, 1]), 2, 2).tolist()
    [[[1, 0], [0, 0]], [[0, 0], [1, 0]]]
    """
    if not len(true) == len(predicted) == len(groups):
        raise ValueError(
            "true, predicted and groups must have the same length, "
            f"but have {len(true)}, {len(predicted)} and {len(groups)}"
        )
    _require_range("true", true, classes)
    _require_range("predicted", predicted, classes)
    _require_range("groups", groups, group_count)
    flat = (groups * classes + true) * classes + predicted
    counts = np.bincount(flat, minlength=group_count * classes * classes)
    return counts.reshape(group_count, classes, classes).astype(np.int64)


def accuracy(confusion: npt.ArrayLike) -> Floats:
    """Share of images that were classified right.

    >>> float(accuracy([[3, 1], [0, 4]]))
    0.875
    """
    confusion = _matrices(confusion)
    return ratio(_diagonal(confusion).sum(-1), confusion.sum((-2, -1)))


def sensitivity(confusion: npt.ArrayLike) -> Floats:
    """Share of each true class that was found (recall), shape ``(..., K)``; nan for a class without images.

    >>> sensitivity([[3, 1], [0, 0]]).tolist()
    [0.75, nan]
    """
    confusion = _matrices(confusion)
    return ratio(_diagonal(confusion), confusion.sum(-1))


def specificity(confusion: npt.ArrayLike) -> Floats:
    """Share of the images of all other classes that were not called this class, shape ``(..., K)``.

    >>> specificity([[3, 1], [0, 4]]).tolist()
    [1.0, 0.75]
    """
    confusion = _matrices(confusion)
    others = confusion.sum((-2, -1))[..., None] - confusion.sum(-1)
    called = confusion.sum(-2) - _diagonal(confusion)
    return ratio(others - called, others)


def precision(confusion: npt.ArrayLike) -> Floats:
    """Share of the images called a class that are of it, shape ``(..., K)``; nan for one never predicted.

    >>> precision([[3, 1], [0, 4]]).tolist()
    [1.0, 0.8]
    """
    confusion = _matrices(confusion)
    return ratio(_diagonal(confusion), confusion.sum(-2))


def f1(confusion: npt.ArrayLike) -> Floats:
    """Harmonic mean of precision and sensitivity of each class, ``2 tp / (2 tp + fp + fn)``.

    A class that has images but was never predicted scores 0. Only a class that neither occurs nor was
    predicted is undefined.

    >>> f1([[3, 1, 0], [0, 4, 0], [0, 0, 0]]).round(3).tolist()
    [0.857, 0.889, nan]
    """
    confusion = _matrices(confusion)
    return ratio(2 * _diagonal(confusion), confusion.sum(-1) + confusion.sum(-2))


def macro(per_class: npt.ArrayLike, over: npt.ArrayLike = True) -> Floats:
    """Plain mean over the classes in which a metric is defined, shape ``(...)``.

    Each class counts the same, however many images it has.

    Args:
        per_class: the metric of each class, shape ``(..., K)``; nan where it is undefined.
        over: whether a class may count, shape ``(K,)``; by default every one may.

    >>> float(macro([0.5, float("nan"), 1.0]))
    0.75
    """
    values = np.asarray(per_class, dtype=np.float64)
    defined = ~np.isnan(values) & np.asarray(over, dtype=bool)
    return ratio(np.where(defined, values, 0.0).sum(-1), defined.sum(-1))


def balanced_accuracy(confusion: npt.ArrayLike, over: npt.ArrayLike = True) -> Floats:
    """Mean sensitivity over the classes that have images, and of them those in ``over``.

    >>> float(balanced_accuracy([[9, 1], [1, 1]]))
    0.7
    """
    return macro(sensitivity(confusion), over)


def macro_f1(confusion: npt.ArrayLike, over: npt.ArrayLike = True) -> Floats:
    """Mean F1 over the classes that have images, and of them those in ``over``.

    A class that was only predicted has no say of its own.

    >>> float(macro_f1([[3, 1, 0], [0, 3, 1], [0, 0, 0]]).round(3))
    0.804
    """
    confusion = _matrices(confusion)
    return macro(np.where(confusion.sum(-1) > 0, f1(confusion), np.nan), over)


def macro_precision(confusion: npt.ArrayLike, over: npt.ArrayLike = True) -> Floats:
    """Mean precision over the classes that have images, and of them those in ``over``.

    One of them that was never predicted counts 0.

    >>> float(macro_precision([[3, 1, 0], [2, 0, 2], [0, 0, 0]]))
    0.3
    """
    confusion = _matrices(confusion)
    return macro(np.where(confusion.sum(-1) > 0, np.nan_to_num(precision(confusion)), np.nan), over)


def kappa(confusion: npt.ArrayLike) -> Floats:
    """Cohen's kappa: agreement beyond chance, ``(observed - expected) / (1 - expected)``.

    Undefined (nan) when all images are of one class and all were predicted as it. Source: Cohen, "A
    Coefficient of Agreement for Nominal Scales", Educational and Psychological Measurement 20, 1960.

    >>> float(kappa([[20, 5], [10, 15]]))
    0.4
    """
    confusion = _matrices(confusion)
    images = confusion.sum((-2, -1))
    observed = _diagonal(confusion).sum(-1) * images
    expected = (confusion.sum(-1) * confusion.sum(-2)).sum(-1)
    return ratio(observed - expected, images**2 - expected)


def merge_classes(confusion: npt.ArrayLike, group_of: npt.ArrayLike, groups: int) -> Floats:
    """Add the rows and columns of classes that belong together, such as sub-types of one side.

    Args:
        confusion: matrices of shape ``(..., K, K)``.
        group_of: group of each class, shape ``(K,)``.
        groups: number of groups G.

    Returns:
        Matrices of shape ``(..., G, G)``.

    >>> merge_classes([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [0, 0, 1], 2).tolist()
    [[12.0, 9.0], [15.0, 9.0]]
    """
    member = np.eye(groups)[np.asarray(group_of, dtype=np.int64)]
    merged: Floats = member.T @ _matrices(confusion) @ member
    return merged


def ratio(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Floats:
    """Divide, with nan where the denominator is zero.

    >>> ratio([1, 0], [2, 0]).tolist()
    [0.5, nan]
    """
    top, bottom = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    quotient: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom != 0)
    return quotient


def _matrices(confusion: npt.ArrayLike) -> Floats:
    matrices = np.asarray(confusion, dtype=np.float64)
    if matrices.ndim < 2 or matrices.shape[-1] != matrices.shape[-2]:
        raise ValueError(f"confusion must have the shape (..., K, K), but has {matrices.shape}")
    return matrices


def _diagonal(matrices: Floats) -> Floats:
    diagonal: Floats = np.diagonal(matrices, axis1=-2, axis2=-1)
    return diagonal


def _require_range(name: str, values: Integers, count: int) -> None:
    if len(values) and not (values.min() >= 0 and values.max() < count):
        raise ValueError(
            f"{name} must lie in 0 .. {count - 1}, but has values from {values.min()} to {values.max()}"
        )
