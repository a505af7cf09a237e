"""The scale of a run's maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class MapScale:
    """What a run's maps usually reach, so that a strong map can be told from a weak one.

    Attributes:
        strong: the peak that one map in twenty passes; the colours' end.
        weak: the peak that nine in ten maps pass; below it a map is called weak.
    """

    strong: float
    weak: float

    @classmethod
    def of(cls, class_maps: npt.NDArray[np.floating], predicted: npt.NDArray[np.intp]) -> MapScale:
        """Measure the scale of a run over the maps of the predicted classes.

        Args:
            class_maps: ``(N, 8, rows, columns)``; only what is above 0 counts.
            predicted: ``(N,)`` index of each image's predicted class.

        >>> maps = np.zeros((100, 8, 7, 7), np.float32)
        >>> maps[np.arange(100), 3, 2, 2] = np.arange(100)
        >>> scale = MapScale.of(maps, np.full(100, 3))
        >>> round(scale.strong, 2), round(scale.weak, 2)
        (94.05, 9.9)
        """
        own = np.asarray(class_maps)[np.arange(len(predicted)), predicted].astype(np.float32)
        return cls.of_peaks(np.maximum(own.max(axis=(1, 2)), 0))

    @classmethod
    def of_peaks(cls, peaks: npt.NDArray[np.floating]) -> MapScale:
        """Measure the scale of maps whose largest values are known.

        Args:
            peaks: ``(N,)``; without any the scale is 1.
        """
        if not len(peaks):
            return cls(1.0, 0.0)
        strong, weak = np.quantile(peaks, [0.95, 0.1])
        return cls(float(strong) or 1.0, float(weak))
