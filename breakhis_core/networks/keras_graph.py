"""Keras' graph of a model: who makes a tensor, who takes it, and how to run it by other means.

Keras has no public way to this: what is private of it is named here alone, and a test breaks when it moves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def inputs_of(operation: Any) -> list[Any]:
    """Return the tensors that an operation took when it was first called."""
    return list(operation._inbound_nodes[0].input_tensors)


def output_of(operation: Any) -> Any:
    """Return the tensor that an operation made when it was first called."""
    return operation._inbound_nodes[0].output_tensors[0]


def calls(model: keras.Model) -> list[Any]:
    """Return a model's calls, each with its ``operation``, ``input_tensors`` and ``output_tensors``."""
    return [call for level in model._nodes_by_depth.values() for call in level]


def run(model: keras.Model, tensor: Any, instead: Callable[[Any], Callable[..., Any]]) -> Any:
    """Run a model with other functions in place of its operations.

    Args:
        model: what is run.
        tensor: its input.
        instead: given an operation, returns what to call; the operation itself where nothing else is.
    """
    return model._run_through_graph(tensor, operation_fn=instead)
