"""Where images lie in a plane: images alike near each other, for a plot of a run's embeddings.

It is t-SNE (van der Maaten and Hinton 2008) from a start by principal components, with equal weights for
the nearest neighbours (Böhm, Berens and Kobak 2022) and the repulsion convolved on a grid (Linderman et al.
2019), so that an iteration takes time in proportion to the images. Of more than ``TOGETHER`` images an even
sample is laid out and the others go among the sampled images that they are most like.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft, sparse

Floats = npt.NDArray[np.float32]

TOGETHER = 8_000
"""Most images that are all laid out: BreakHis has 7,909."""
LANDMARKS = 4_000
"""How many are sampled of more."""
NEIGHBOURS = 15
_DIMENSIONS = 50  # Of the principal components: beyond them the distances are noise.
_AMONG = 3  # Landmarks that an image is placed among.
_SPACING = 0.5  # Of the grid; the repulsion changes over a distance of 1.
_BLOCK = 2048  # Rows whose distances are held at once.
_STEPS = ((12.0, 0.5, 120), (1.0, 0.8, 330))  # Exaggerated attraction, momentum, iterations.


def plane(embeddings: np.ndarray) -> Floats:
    """Place images in a plane so that images alike lie near each other.

    Distances between far groups say little; that images are near each other says that the network holds them
    to be alike. The same embeddings give the same places.

    Args:
        embeddings: one row per image, shape ``(N, D)``, of any floating type, all by one model; may be mapped
            from a file.

    Returns:
        x and y of each image, float32 of shape ``(N, 2)``: around 0, the larger extent from -1 to 1.

    Raises:
        ValueError: the embeddings are no table of finite numbers.
    """
    if embeddings.ndim != 2:
        raise ValueError(f"embeddings have the shape (images, dimensions), not {embeddings.shape}")
    if not len(embeddings):
        return np.zeros((0, 2), np.float32)
    points = _components(embeddings)
    many = len(points) if len(points) <= TOGETHER else LANDMARKS
    chosen = np.unique(np.linspace(0, len(points) - 1, many).astype(np.intp))
    places = np.zeros((len(points), 2), np.float32)
    places[chosen] = _laid_out(points[chosen])
    others = np.setdiff1d(np.arange(len(points)), chosen)
    if len(others):
        near, far = _nearest(points[others], points[chosen], _AMONG)
        weights = 1 / np.maximum(far, 1e-6)
        weights /= weights.sum(axis=1, keepdims=True)
        places[others] = np.einsum("ij,ijk->ik", weights, places[chosen][near])
    places -= (places.max(axis=0) + places.min(axis=0)) / 2
    return np.asarray(places / max(float(np.abs(places).max()), 1e-12), np.float32)


def _components(embeddings: np.ndarray) -> Floats:
    """Return the principal components of embeddings of length 1, so that distance goes by the cosine."""
    unit = np.array(embeddings, np.float32)  # Of many images there is room for one copy.
    if not np.isfinite(unit).all():
        raise ValueError("embeddings hold numbers that are not finite")
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    unit -= unit.mean(axis=0)
    _, axes = np.linalg.eigh(unit.T @ unit)
    axes = axes[:, ::-1][:, : max(2, min(_DIMENSIONS, axes.shape[1]))]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])  # Signs are arbitrary.
    return np.asarray(unit @ axes, np.float32)


def _nearest(points: Floats, among: Floats, count: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return the nearest ones of ``among`` to each point, and their distances, nearest not always first."""
    near = np.empty((len(points), count), np.intp)
    far = np.empty((len(points), count), np.float32)
    lengths = (among**2).sum(axis=1)
    for start in range(0, len(points), _BLOCK):
        block = slice(start, start + _BLOCK)
        squares = lengths - 2 * (points[block] @ among.T)
        near[block] = np.argpartition(squares, count - 1, axis=1)[:, :count]
        squares = np.take_along_axis(squares, near[block], axis=1)
        squares += (points[block] ** 2).sum(axis=1, keepdims=True)
        far[block] = np.sqrt(np.maximum(squares, 0))
    return near, far


def _laid_out(points: Floats) -> Floats:
    """Return places by t-SNE, shape ``(N, 2)``, in its own scale."""
    places = np.zeros((len(points), 2), np.float32)
    start = points[:, :2]
    places[:, : start.shape[1]] = start / max(float(start[:, :1].std()), 1e-12)
    if len(points) <= 3:
        return places
    places *= np.float32(1e-4)
    near = _affinities(points)
    moved = np.zeros_like(places)
    gains = np.ones_like(places)
    push = _Repulsion()
    for exaggeration, momentum, steps in _STEPS:
        rate = np.float32(len(points) / exaggeration)
        for _ in range(steps):
            force = exaggeration * _pull(near, places) - push(places)
            gains = np.maximum(np.where(force * moved < 0, gains + 0.2, gains * 0.8), 0.01)
            moved = np.asarray(momentum * moved - rate * gains * force, np.float32)
            places = places + moved
            places -= places.mean(axis=0)
    return places


def _affinities(points: Floats) -> sparse.csr_array:
    """Return how near each two points are: equal among nearest neighbours, symmetric, 1 in all."""
    count = len(points)
    among = min(NEIGHBOURS, max(1, (count - 1) // 3))
    near, far = _nearest(points, points, among + 1)
    itself = near == np.arange(count)[:, None]
    # Among many equal points one may not be its own neighbour: then the farthest goes.
    itself[np.flatnonzero(~itself.any(axis=1)), far[~itself.any(axis=1)].argmax(axis=1)] = True
    columns = near[~itself]
    rows = np.repeat(np.arange(count), among)
    weights = np.ones(len(rows), np.float32)
    one_way = sparse.csr_array((weights, (rows, columns)), shape=(count, count))
    both = sparse.csr_array(one_way + one_way.T)
    return both / np.float32(both.sum())


def _pull(near: sparse.csr_array, places: Floats) -> Floats:
    """Return the attraction of each point by its neighbours, shape ``(N, 2)``."""
    rows = np.repeat(np.arange(len(places)), np.diff(near.indptr))
    apart = places[rows] - places[near.indices]
    weight = near.data / (1 + np.einsum("ij,ij->i", apart, apart))
    held = sparse.csr_array((weight, near.indices, near.indptr), shape=near.shape)
    return np.asarray(held.sum(axis=1)[:, None] * places - held @ places, np.float32)


class _Repulsion:
    """Repulsion of all points from each other, by convolution on a grid that grows with their extent."""

    def __init__(self) -> None:
        self._size = 0
        self._kernels: npt.NDArray[np.complex64] = np.empty(0, np.complex64)

    def __call__(self, places: Floats) -> Floats:
        """Return the push on each point, of the scale of the attraction, shape ``(N, 2)``."""
        low = places.min(axis=0)
        cells = int(float((places.max(axis=0) - low).max()) / _SPACING) + 2
        self._prepare(cells)
        at = (places - low) / _SPACING
        corner = at.astype(np.int32)
        part = at - corner
        flat = [(corner[:, 0] + dx) * self._size + corner[:, 1] + dy for dx in (0, 1) for dy in (0, 1)]
        share = [np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1]) for dx in (0, 1) for dy in (0, 1)]
        grid = np.zeros(self._size**2, np.float32)
        for cell, weight in zip(flat, share, strict=True):
            grid += np.bincount(cell, weight, self._size**2).astype(np.float32)
        spread = fft.rfft2(grid.reshape(self._size, self._size))
        fields = fft.irfft2(self._kernels * spread, s=(self._size, self._size)).reshape(3, -1)
        felt = sum(weight * fields[:, cell] for cell, weight in zip(flat, share, strict=True))
        total = float((felt[0] - _of_itself(part)).sum())
        return np.asarray(felt[1:].T / max(total, 1e-12), np.float32)

    def _prepare(self, cells: int) -> None:
        """Make the kernels for so many cells a side, twice as wide, so that nothing wraps around."""
        size = fft.next_fast_len(max(2 * cells, 64), real=True)
        if size <= self._size <= 2 * size:
            return
        self._size = size = fft.next_fast_len(int(1.15 * size), real=True)
        step = np.asarray(fft.fftfreq(size, 1 / size) * _SPACING, np.float32)
        x, y = step[:, None], step[None, :]
        near = 1 / (1 + x**2 + y**2)
        self._kernels = fft.rfft2(np.stack([near, x * near**2, y * near**2]))


def _of_itself(part: Floats) -> Floats:
    """Return what a point feels of its own charge, by where in its cell it is: it does not push itself."""
    other = 2 * part * (1 - part)  # Of the charge felt across the cell, along each axis.
    x, y = other[:, 0], other[:, 1]
    side, corner = 1 / (1 + _SPACING**2), 1 / (1 + 2 * _SPACING**2)
    felt = (1 - x) * (1 - y) + (x * (1 - y) + y * (1 - x)) * side + x * y * corner
    return np.asarray(felt, np.float32)
