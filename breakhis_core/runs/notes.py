"""Titles and notes that people give to runs, kept in the workspace.

A run folder is frozen and hashed, and its name stands in review events, jobs and other runs; so a run is
renamed by a title beside it. The newest of each counts, and who gave it stays.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import insert, select

from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.storage.typed_text import clean_note, clean_reviewer
from breakhis_core.workspace import Workspace

LONGEST_TITLE = 80
_TITLE, _NOTE = "run title", "run note"


@dataclass(frozen=True)
class About:
    """What people said of a run.

    Attributes:
        title: what it is called; empty when it has only its name.
        note: anything else.
    """

    title: str = ""
    note: str = ""


def about_runs(workspace: Workspace) -> dict[str, About]:
    """Return what was said of each run, by the run's name."""
    choices = tables.choices
    query = (
        select(choices.c.subject, choices.c.value)
        .where(choices.c.subject.in_((_TITLE, _NOTE)))
        .order_by(choices.c.id)
    )
    with workspace.engine.connect() as connection:
        rows = connection.execute(query).all()
    said: dict[str, dict[str, str]] = {}
    for subject, value in rows:
        told = json.loads(value)
        said.setdefault(told["run"], {})["title" if subject == _TITLE else "note"] = told["text"]
    return {run: About(**texts) for run, texts in said.items()}


def describe(workspace: Workspace, reviewer: str, run: str, title: str, note: str) -> None:
    """Give a run a title and a note; empty text takes back what was there.

    Args:
        workspace: where they are kept.
        reviewer: who says so.
        run: the run's name.
        title: one line, at most ``LONGEST_TITLE`` characters.
        note: any text.

    Raises:
        InputError: the note or the reviewer's name cannot be used.
    """
    texts = {_TITLE: " ".join(title.split())[:LONGEST_TITLE], _NOTE: clean_note(note)}
    before = about_runs(workspace).get(run, About())
    who = clean_reviewer(reviewer)
    rows = [
        {"at": db.now(), "reviewer": who, "subject": subject, "value": json.dumps({"run": run, "text": text})}
        for subject, text, old in zip(texts, texts.values(), (before.title, before.note), strict=True)
        if text != old
    ]
    if rows:
        with db.writing(workspace.engine, "choices") as connection:
            connection.execute(insert(tables.choices), rows)
