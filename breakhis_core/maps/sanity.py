"""Does a map depend on what the model learnt? It must change when the weights are random.

Source: Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, arXiv 1810.03292. Their cascade is
taken at its two ends: the head alone made random, and the whole network made random. Likeness is Spearman's
rank correlation of the two maps of the predicted class, the mean over a sample of images.

The random head has weights as large as the trained one's. So the same maps say what is weak: a map whose peak
does not exceed what a random head draws of like images owes nothing to what was learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from breakhis_core.maps.making import Maker
from breakhis_core.networks.backbone import settle_statistics
from breakhis_core.networks.export import head_layers
from breakhis_core.networks.network import POOL

if TYPE_CHECKING:
    import keras

ALIKE = 0.5**0.5
"""Mean rank correlation from which on a map is said to hardly change: half of what its ranks vary by is the
same without anything learnt."""
SAMPLE = 8
_SEED = 181003292  # No recipe's: the seed that training began with would draw the very same weights again.


@dataclass(frozen=True)
class Sanity:
    """What became of a method's maps when weights were made random.

    Attributes:
        head: mean rank correlation with the maps under a random head.
        whole: the same under an entirely random network.
        images: size of the sample.
        peak: of the strongest map of the sample under a random head; a map below it is weak.
    """

    head: float
    whole: float
    images: int
    peak: float

    @property
    def passed(self) -> bool:
        """Whether the maps changed both times."""
        return self.warning is None

    @property
    def warning(self) -> str | None:
        """What must be said beside every map of a method that fails."""
        if self.whole >= ALIKE:
            return "This map hardly changes when the model's weights are random: do not trust it."
        if self.head >= ALIKE:
            return (
                "This map hardly changes when the model's last layers are random: "
                "it shows what is striking, not what speaks for a sub-type."
            )
        return None


def rank_correlation(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    """Return Spearman's rank correlation of two maps; ties share their mean rank.

    A map without any contrast has nothing in common with another: 0.

    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 900.0]))
    1.0
    """
    from scipy.stats import spearmanr

    if not np.ptp(a) or not np.ptp(b):
        return 0.0
    return round(float(spearmanr(a, b, axis=None).statistic), 12)


def with_random_weights(
    model: keras.Model, inputs: npt.NDArray[np.uint8], *, base: bool, seed: int = _SEED
) -> keras.Model:
    """Return a copy of a model whose head is random, or all of it.

    A random head's weights are as large, by their norm, as the trained ones, so that strengths of maps can be
    compared. A random base gets statistics that fit the inputs: without, the signal fades to nothing on its
    way, every map is empty, and any method would pass.
    """
    import keras

    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    keras.utils.set_random_seed(seed)
    head = {layer.name for layer in head_layers(model)}
    for layer in copy.layers:
        if layer.weights and (base or layer.name in head):
            _draw_anew(layer, as_large=layer.name in head)
    if base:
        settle_statistics(keras.Model(copy.input, copy.get_layer(POOL).output), inputs)
    return copy


def _draw_anew(layer: Any, *, as_large: bool) -> None:
    """Give a layer weights as if nothing had ever been learnt, if asked with the norms of those it had."""
    fresh = type(layer).from_config(layer.get_config())
    fresh.build(layer.input.shape)
    drawn = fresh.get_weights()
    if as_large:
        for place, (new, old) in enumerate(zip(drawn, layer.get_weights(), strict=True)):
            if new.ndim > 1:
                drawn[place] = new * (np.linalg.norm(old) / np.linalg.norm(new))
    layer.set_weights(drawn)


def check(
    makers: Sequence[Maker],
    inputs: npt.NDArray[np.uint8],
    classes: Sequence[int],
    maps: npt.NDArray[np.floating],
) -> Sanity:
    """Compare maps with those of the same images under random weights.

    Args:
        makers: the method on the model with a random head, and on one that is random entirely.
        inputs: (N, H, W, 3) uint8.
        classes: the predicted class of each.
        maps: (N, rows, columns), the method's maps under the true weights.

    Returns:
        The mean likeness with a random head, and with all of it random.
    """
    drawn = [make(inputs, classes) for make in makers]
    means = [
        float(np.mean([rank_correlation(a, b) for a, b in zip(maps, some, strict=True)])) for some in drawn
    ]
    return Sanity(means[0], means[1], len(inputs), float(drawn[0].max()))


def random_models(model: keras.Model, inputs: npt.NDArray[np.uint8]) -> list[keras.Model]:
    """Return copies of a model with a random head, and random entirely, as `check` wants methods on them."""
    return [with_random_weights(model, inputs, base=base) for base in (False, True)]
