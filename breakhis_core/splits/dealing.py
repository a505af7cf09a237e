"""Dealing whole cases into parts: a seeded search for parts of the wanted sizes that hold every sub-type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.float64]

_RESTARTS = 12


@dataclass(frozen=True)
class Wish:
    """What parts should be like; P parts.

    Attributes:
        shares: wanted share of each part, shape (P,); they sum to one.
        missing: what it costs a part to lack a sub-type, shape (P,).
        hoarded: what it costs a part to hold every case of a sub-type that has several.
    """

    shares: Table
    missing: Table
    hoarded: float = 0.0


def deal(content: Table, wish: Wish, seed: int) -> npt.NDArray[np.int64]:
    """Deal cases into parts, sub-types as even over the parts as the search finds.

    Args:
        content: images per case and sub-type, shape (cases, sub-types), every sub-type with an image.
        wish: what the parts should be like.
        seed: of the random starts.

    Returns:
        Index of the part of each case, shape (cases,).
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    best, best_cost = None, np.inf
    for _ in range(_RESTARTS):
        start = generator.choice(len(wish.shares), size=len(content), p=wish.shares)
        found, cost = _descend(content, start, wish)
        if cost < best_cost:
            best, best_cost = found, cost
    assert best is not None
    return best


def _descend(
    content: Table, assigned: npt.NDArray[np.int64], wish: Wish
) -> tuple[npt.NDArray[np.int64], float]:
    """Move the one case that helps most to another part until none helps."""
    onehot = np.eye(len(wish.shares))
    assigned = assigned.copy()
    cost = float(_cost(onehot[assigned].T @ content, content, wish))
    while True:
        held = onehot[assigned].T @ content
        # change[case, to] is the table of parts and sub-types after moving the case there.
        removed = held[None] - onehot[assigned][:, :, None] * content[:, None, :]
        change = removed[:, None] + onehot[None, :, :, None] * content[:, None, None, :]
        costs = _cost(change, content, wish)
        case, to = np.unravel_index(int(np.argmin(costs)), costs.shape)
        if costs[case, to] >= cost:
            return assigned, cost
        cost = float(costs[case, to])
        assigned[case] = to


def _cost(held: Table, content: Table, wish: Wish) -> Table:
    """Squared distance of each part from its share, over sub-types and overall, and missing sub-types.

    Args:
        held: images per part and sub-type, shape (..., parts, sub-types).
        content: images per case and sub-type, shape (cases, sub-types).
        wish: what the parts should be like.
    """
    of_subtype = held / content.sum(axis=0) - wish.shares[:, None]
    of_all = held.sum(axis=-1) / content.sum() - wish.shares
    missing = ((held == 0).sum(axis=-1) * wish.missing).sum(axis=-1)
    several = (content > 0).sum(axis=0) > 1
    hoarded = ((held == content.sum(axis=0)) & several).sum(axis=(-2, -1)) * wish.hoarded
    total = (of_subtype**2).sum(axis=(-2, -1)) + content.shape[1] * (of_all**2).sum(axis=-1)
    # Rounded so that ties break the same way whatever order a processor sums in.
    rounded: Table = np.round(total + missing + hoarded, 9)
    return rounded
