"""``features show`` and ``features clear``: kept model inputs and outputs of the base's frozen part."""

from __future__ import annotations

import typer

from breakhis_core.command_line.terminal.answer import AsJson, answering, table

app = typer.Typer(
    help="Show or clear kept model inputs and frozen parts' outputs. They are made anew when needed.",
    no_args_is_help=True,
)


@app.command("show")
def show(as_json: AsJson = False) -> None:
    """List what is kept, one line a form of model inputs or a frozen part, and the room that they take.

    Example: features show
    """
    with answering(as_json) as answer:
        from breakhis_core.storage.bounded import LIMIT_BYTES
        from breakhis_core.training.feature_store import kept_features
        from breakhis_core.workspace import Workspace

        stores = kept_features(Workspace.open().features)
        taken = sum(size for _, size in stores)
        sentence = f"{_megabytes(taken)} of at most {_megabytes(LIMIT_BYTES)} are taken."
        rows = [[name, _megabytes(size)] for name, size in stores]
        listed = [table(None, ["inputs, or frozen part, weights, input", "room"], rows)] if rows else []
        answer.give(
            {"stores": dict(stores), "bytes": taken, "limit": LIMIT_BYTES},
            *listed,
            sentence,
        )


@app.command("clear")
def clear(as_json: AsJson = False) -> None:
    """Remove all that is kept; the next training computes what it needs again.

    Example: features clear
    """
    with answering(as_json) as answer:
        from breakhis_core.training.feature_store import clear_features
        from breakhis_core.workspace import Workspace

        freed = clear_features(Workspace.open().features)
        answer.give({"freed": freed}, f"{_megabytes(freed)} were freed.")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
