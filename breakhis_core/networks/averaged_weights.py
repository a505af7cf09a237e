"""Trained weights averaged with those of before: of the base as it came, and of the head trained on it alone.

Source: Wortsman et al., "Robust fine-tuning of zero-shot models" (WiSE-FT), CVPR 2022.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Values = list[npt.NDArray[Any]]


class AveragedWeights:
    """Holds what a network's weights were before the epochs and what the steps made of them.

    Between two epochs the network has the average, so that whoever looks at it, keeps it or publishes it gets
    what the training is worth at that point; the steps go on from their own weights.
    """

    def __init__(self, variables: list[Any], share: float) -> None:
        """Begin with no epoch done.

        Args:
            variables: the trained variables of the network.
            share: of the weights of before in the average.
        """
        self._variables, self._share = variables, share
        self.values: Values = []

    def leave(self) -> None:
        """Give the network the weights that the steps go on from."""
        if not self.values:
            # Twice: what was before, and what the steps made of it, nothing so far.
            self.values = [np.asarray(variable) for variable in self._variables] * 2
            return
        for variable, value in zip(self._variables, self._stepped, strict=True):
            variable.assign(value)

    def enter(self) -> None:
        """Give the network the average."""
        before, stepped = self._before, [np.asarray(variable) for variable in self._variables]
        for variable, first, last in zip(self._variables, before, stepped, strict=True):
            variable.assign(self._share * first + (1 - self._share) * last)
        self.values = [*before, *stepped]

    @property
    def _before(self) -> Values:
        return self.values[: len(self._variables)]

    @property
    def _stepped(self) -> Values:
        return self.values[len(self._variables) :]
