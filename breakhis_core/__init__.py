"""BreakHis Review as a library: ``import breakhis_core as breakhis``; docs/python.md shows how.

The packages hold everything that is not a screen: data, runs, numbers, reviews, jobs. The names below are for
people at Python's prompt; each is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from breakhis_core.networks.quiet import quieten_tensorflow

if TYPE_CHECKING:
    from breakhis_core.errors import InputError
    from breakhis_core.notebook.comparison import Comparison
    from breakhis_core.notebook.run import OpenRun, open_run
    from breakhis_core.notebook.workspace import OpenWorkspace, open_workspace
    from breakhis_core.recipes import RECIPES, Recipe
else:
    # Not on import: whoever imports one module, a screen or a job, must not wait for all of this.
    _HOMES = {
        "InputError": "errors",
        "Comparison": "notebook.comparison",
        "OpenRun": "notebook.run",
        "open_run": "notebook.run",
        "OpenWorkspace": "notebook.workspace",
        "open_workspace": "notebook.workspace",
        "RECIPES": "recipes",
        "Recipe": "recipes",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})


__version__ = "0.1.0"

__all__ = [
    "RECIPES",
    "Comparison",
    "InputError",
    "OpenRun",
    "OpenWorkspace",
    "Recipe",
    "open_run",
    "open_workspace",
]

quieten_tensorflow()
