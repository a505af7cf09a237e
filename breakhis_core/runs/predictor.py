"""The predictor of a run: one forward pass gives probabilities, embedding and the eight class maps.

Runs on ONNX Runtime alone; the server never imports TensorFlow.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES

OUTPUTS = ("probabilities", "embeddings", "class_maps")
# More images at a time are no faster on a processor, and need memory.
_BATCH = 32


class PredictorError(InputError):
    """A predictor's file cannot be used; the message names it."""


@dataclass(frozen=True)
class Predicted:
    """What a predictor says of N images.

    Attributes:
        probabilities: (N, 8) float32, columns in the order of ``images.taxonomy.CODES``.
        embeddings: (N, 960) float32 or float16, the pooled last activation of the base.
        class_maps: (N, 8, rows, columns) float32 or float16, the evidence for each class at each place: not
            scaled, so that strong and weak maps can be told apart, and signed; its positive part is the
            Grad-CAM map. Predictors of before give that part alone.
    """

    probabilities: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.floating[Any]]
    class_maps: npt.NDArray[np.floating[Any]]


class Predictor:
    """One loaded predictor. Safe to use from several threads."""

    def __init__(self, session: Any) -> None:
        self._session = session

    @classmethod
    def load(cls, path: Path, threads: int | None = None) -> Predictor:
        """Load a predictor.

        Args:
            path: its ONNX file, or the run folder that holds it as ``predictor.onnx``.
            threads: threads of one prediction; all cores by default.

        Raises:
            PredictorError: the file is absent, damaged, or not a predictor of ours.
        """
        file = path / "predictor.onnx" if path.is_dir() else path
        if not file.is_file():
            raise PredictorError(f"{file}: there is no such predictor; train the run again or copy it whole.")
        return cls.of(file.read_bytes(), file.name, threads)

    @classmethod
    def of(cls, content: bytes, name: str, threads: int | None = None) -> Predictor:
        """Load a predictor from the content of an ONNX file.

        Raises:
            PredictorError: it is damaged, or not a predictor of ours.
        """
        session = load_session(content, name, threads)
        if tuple(output.name for output in session.get_outputs()) != OUTPUTS:
            raise PredictorError(f"{name}: this ONNX file is not a predictor of a run.")
        if session.get_outputs()[0].shape[1] != len(CODES):
            raise PredictorError(f"{name}: this predictor does not know the eight sub-types.")
        return cls(session)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of a model input: (height, width, 3)."""
        _, height, width, channels = self._session.get_inputs()[0].shape
        return height, width, channels

    @property
    def map_shape(self) -> tuple[int, int]:
        """Rows and columns of a class map."""
        rows, columns = self._session.get_outputs()[2].shape[2:]
        return rows, columns

    def predict(self, inputs: npt.NDArray[np.uint8]) -> Predicted:
        """Predict images.

        Args:
            inputs: (N, *input_shape) uint8 as `images.input_form.InputForm` makes them; N may be 0.

        Raises:
            ValueError: another shape or type.
        """
        if inputs.dtype != np.uint8 or inputs.shape[1:] != self.input_shape:
            height, width, _ = self.input_shape
            raise ValueError(
                f"inputs must be (N, {height}, {width}, 3) uint8, got {inputs.shape} {inputs.dtype}"
            )
        starts = range(0, max(1, len(inputs)), _BATCH)
        parts = [self._session.run(OUTPUTS, {"images": inputs[at : at + _BATCH]}) for at in starts]
        return Predicted(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def load_session(content: bytes, name: str, threads: int | None = None) -> Any:
    """Return an ONNX Runtime session.

    Args:
        content: of an ONNX file.
        name: what to call it in error messages.
        threads: all cores by default.

    Raises:
        PredictorError: the content is not an ONNX graph.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base class.
        raise PredictorError(f"{name}: the predictor is damaged or not an ONNX file.") from error
