"""The scale of a run's maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class MapScale:
    """What a run's maps usually reach, so that the same colours say the same strength for every image.

    Attributes:
        strong: the peak that one map in twenty passes; the colours' end.
    """

    strong: float

    @classmethod
    def of(cls, class_maps: npt.NDArray[np.floating], predicted: npt.NDArray[np.intp]) -> MapScale:
        """Measure the scale of a run over the maps of the predicted classes.

        Args:
            class_maps: ``(N, 8, rows, columns)``; only what is above 0 counts.
            predicted: ``(N,)`` index of each image's predicted class.

        >>> maps = np.zeros((100, 8, 7, 7), np.float32)
        >>> maps[np.arange(100), 3, 2, 2] = np.arange(100)
        >>> round(MapScale.of(maps, np.full(100, 3)).strong, 2)
        94.05
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
            return cls(1.0)
        return cls(float(np.quantile(peaks, 0.95)) or 1.0)
