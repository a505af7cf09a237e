"""``flags policy``: what makes a flagged image leave the training."""

from __future__ import annotations

from typing import Annotated

import typer

from breakhis_core.command_line.flags.scope import DataSet, Person, RunName, chosen_images
from breakhis_core.command_line.terminal.answer import AsJson, answering, table


def policy(
    code: Annotated[
        str | None, typer.Argument(help="any, majority or settled; without it, say which.")
    ] = None,
    run: RunName = None,
    data: DataSet = None,
    reviewer: Person = "command line",
    as_json: AsJson = False,
) -> None:
    """Say, or choose, what makes a flagged image leave the training, in the app as well as here.

    Example: flags policy majority --run demo
    """
    with answering(as_json) as answer:
        from breakhis_core.jobs.retraining import plans
        from breakhis_core.reviews import excluded_hashes
        from breakhis_core.reviews.policy import choose_policy, chosen_policy
        from breakhis_core.reviews.terms import POLICIES
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        if code is not None:
            choose_policy(workspace, reviewer, code)
        chosen = chosen_policy(workspace)
        which = chosen_images(workspace, run, data)
        effects = {}
        if which.run is None:
            for one in POLICIES:
                images = [image for image in excluded_hashes(workspace, one) if which.holds(image)]
                effects[one] = {"images": len(images)}
        else:
            for one, what in plans(workspace, which.run, "without").items():
                effects[one] = {
                    "images": len(what.excluded),
                    "train": what.train,
                    "validation": what.validation,
                    "test": what.test,
                    "already": what.already,
                }
        value = {
            "policy": chosen.code,
            "by": chosen.by,
            "at": chosen.at,
            **which.about,
            "excludes": effects,
        }
        heads = (
            "policy",
            "images",
            *(() if run is None else ("train", "validation", "test, stay", "left out before")),
        )
        rows = [(one, *effect.values()) for one, effect in effects.items()]
        words = f"An image leaves the training when {chosen.words}. Images of {which.name}:"
        answer.give(value, words, table(None, heads, rows))
