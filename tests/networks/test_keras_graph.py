"""What is private of Keras: this test breaks when Keras moves it, and `keras_graph` is where to look."""

from __future__ import annotations

import numpy as np

from breakhis_core.networks import keras_graph


def test_keras_graph_is_where_we_look_for_it() -> None:
    import keras

    entry = keras.Input((4,), name="entry")
    first, second = keras.layers.Dense(3, name="first"), keras.layers.Dense(3, name="second")
    both = keras.layers.Add(name="both")
    model = keras.Model(entry, both([first(entry), second(entry)]))
    assert [tensor.shape for tensor in keras_graph.inputs_of(both)] == [(None, 3), (None, 3)]
    assert keras_graph.inputs_of(first)[0] is entry
    assert keras_graph.output_of(both) is model.outputs[0]

    calls = keras_graph.calls(model)
    assert {call.operation.name for call in calls} == {"entry", "first", "second", "both"}
    last = next(call for call in calls if call.operation is both)
    assert list(last.input_tensors) == keras_graph.inputs_of(both)
    assert list(last.output_tensors) == [keras_graph.output_of(both)]

    images = np.ones((2, 4), np.float32)
    usual = keras_graph.run(model, images, lambda operation: operation)
    np.testing.assert_allclose(usual, model(images))
    alone = keras_graph.run(
        model, images, lambda operation: (lambda some: some[0]) if operation is both else operation
    )
    np.testing.assert_allclose(alone, first(images))
