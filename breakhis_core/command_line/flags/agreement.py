"""``flags agreement``: how far reviewers agree."""

from __future__ import annotations

from typing import Annotated

import typer

from breakhis_core.command_line.flags.scope import DataSet, RunName, chosen_images
from breakhis_core.command_line.terminal.answer import AsJson, answering, table
from breakhis_core.wording import counted, interval, number


def agreement(
    reason: Annotated[bool, typer.Option("--reason", help="Compare reasons, not only flag or keep.")] = False,
    run: RunName = None,
    data: DataSet = None,
    as_json: AsJson = False,
) -> None:
    """Say how far reviewers agree beyond chance, with 95 % intervals, and on how many images they do not.

    Example: flags agreement --run demo
    """
    with answering(as_json) as answer:
        from dataclasses import asdict

        from breakhis_core.reviews import agreement as measures
        from breakhis_core.reviews import standing
        from breakhis_core.reviews.agreement_words import meaning, named_the_same
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        which = chosen_images(workspace, run, data)
        said = measures.of_people(standing(workspace))
        if which.images is not None:
            said = said[said["hash"].isin(which.images)]
        subject: measures.Subject = "reason" if reason else "flag"
        found = {
            "krippendorff_alpha": measures.across(said, subject),
            "fleiss_kappa": measures.overall(said, subject),
        }
        pairs = measures.pairwise(said, subject)
        differing = measures.disagreeing(said, subject)
        named = measures.across(said, "correction")
        answered = int(said["hash"].nunique())
        value = {
            "subject": subject,
            **which.about,
            "images": answered,
            **{name: None if one is None else asdict(one) for name, one in found.items()},
            "cohen_kappa": [asdict(one) for one in pairs],
            "correction": None if named is None else asdict(named),
            "disagreeing": list(differing),
        }
        titled = {
            "Krippendorff's alpha, all": found["krippendorff_alpha"],
            "Fleiss' kappa, all": found["fleiss_kappa"],
        }
        rows = [(name, one) for name, one in titled.items() if one is not None]
        rows += [(f"Cohen's kappa, {' and '.join(one.reviewers)}", one) for one in pairs]
        shown = table(
            None,
            ("measure", "images", "not used", "equal", "value", "95 % interval", "meaning"),
            [
                (
                    name,
                    one.images,
                    one.left_out,
                    f"{one.observed:.0%}",
                    number(one.kappa),
                    interval((one.low, one.high)),
                    meaning(one),
                )
                for name, one in rows
            ],
        )
        words = (
            f"{counted(answered, 'image')} of {which.name} answered, {len(differing)} where answers differ."
        )
        measured = shown if rows else "No image has two answers yet."
        answer.give(value, words, measured, *([] if named is None else [named_the_same(named)]))
