"""``flags settle``: decide for everybody."""

from __future__ import annotations

from typing import Annotated

import typer

from breakhis_core.command_line.terminal.answer import AsJson, answering
from breakhis_core.wording import counted


def settle(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="File names or hashes.")],
    exclude: Annotated[
        bool, typer.Option("--exclude/--include", help="It leaves the training, or stays whatever was said.")
    ],
    reason: Annotated[str | None, typer.Option("--reason", help="Why it leaves; by default other.")] = None,
    note: Annotated[str, typer.Option("--note", help="In a few words; the reason other needs one.")] = "",
    correction: Annotated[
        str | None,
        typer.Option("--correction", help="Sub-type that is right, such as DC; the reason is wrong_label."),
    ] = None,
    steward: Annotated[str, typer.Option("--reviewer", help="In whose name.")] = "command line",
    as_json: AsJson = False,
) -> None:
    """Decide for everybody whether images leave the training; an earlier decision is revised.

    Example: flags settle --exclude --reason out_of_focus SOB_M_DC-14-2523-100-001.png
    """
    with answering(as_json) as answer:
        from breakhis_core.flags.importing import matched_hashes
        from breakhis_core.flags.parsing import read_flags
        from breakhis_core.reviews import settle_many
        from breakhis_core.reviews.terms import WRONG_LABEL
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        plan = read_flags("\n".join(images).encode(), "images.txt")
        hashes, refused = matched_hashes(workspace, plan)
        if hashes:
            why = reason or ("other" if correction is None else WRONG_LABEL)
            settle_many(
                workspace, steward, hashes, exclude=exclude, reason=why, note=note, correction=correction
            )
        answer.bad_input = bool(refused)
        sentences = [sentence.removeprefix("images.txt: ") for sentence in refused]
        done = "leave" if exclude else "stay in"
        named = "" if correction is None else f"; its right sub-type is {correction}"
        answer.give(
            {"settled": list(hashes), "exclude": exclude, "correction": correction, "errors": sentences},
            f"{counted(len(hashes), 'image')} settled to {done} the training{named}.",
            *sentences,
        )
