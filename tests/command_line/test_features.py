import json

import numpy as np

from breakhis_core.storage.bounded import LIMIT_BYTES
from breakhis_core.training.feature_store import FeatureStore
from tests.command_line.test_all_commands import call


def test_kept_outputs_are_shown_and_cleared(workspace):
    assert call("features", "show").stdout == "0.0 MB of at most 8,000.0 MB are taken.\n"
    store = FeatureStore.open(workspace.features, "some-part")
    store.add([("0" * 32, False)], np.zeros((1, 500, 1000), np.float16))
    size = next(store.folder.glob("*.npz")).stat().st_size
    told = json.loads(call("features", "show", "--json").stdout)
    expected = {"stores": {store.folder.name: size}, "bytes": size, "limit": LIMIT_BYTES}
    assert told.items() >= expected.items()
    assert call("features", "show").stdout.splitlines()[1].split() == [store.folder.name, "1.0", "MB"]
    assert json.loads(call("features", "clear", "--json").stdout)["freed"] == size
    assert list(workspace.features.iterdir()) == []
    # A training that had the store open goes on keeping.
    store.add([("1" * 32, False)], np.zeros((1, 5), np.float16))
    assert call("features", "clear").stdout == "0.0 MB were freed.\n"
