"""The policy of exclusions: which flagged images leave the training. Chosen once for the whole workspace.

It is kept in the database, so that every screen, every server and the command line go by the same one; who
chose what, and when, stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select

from breakhis_core.errors import InputError
from breakhis_core.reviews.terms import POLICIES
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.storage.typed_text import clean_reviewer
from breakhis_core.workspace import Workspace

DEFAULT = "any"
_SUBJECT = "policy"


@dataclass(frozen=True)
class Policy:
    """The policy that a workspace goes by.

    Attributes:
        code: one of ``POLICIES``.
        by: who chose it; ``None`` while nobody chose one.
        at: when, ISO 8601, UTC; ``None`` while nobody chose one.
    """

    code: str
    by: str | None = None
    at: str | None = None

    @property
    def words(self) -> str:
        """What makes an image an exclusion."""
        return POLICIES[self.code]


def chosen_policy(workspace: Workspace) -> Policy:
    """Return the policy that a workspace goes by."""
    choices = tables.choices
    query = (
        select(choices.c.value, choices.c.reviewer, choices.c.at)
        .where(choices.c.subject == _SUBJECT)
        .order_by(choices.c.id.desc())
        .limit(1)
    )
    with workspace.engine.connect() as connection:
        row = connection.execute(query).first()
    return Policy(*row) if row is not None and row[0] in POLICIES else Policy(DEFAULT)


def policy_code(workspace: Workspace, policy: str | None) -> str:
    """Return the code of a policy, of the workspace's own where none is named.

    Raises:
        ValueError: there is no such policy.
    """
    if policy is None:
        return chosen_policy(workspace).code
    if policy not in POLICIES:
        raise ValueError(f"policy is one of {', '.join(POLICIES)}, not {policy!r}")
    return policy


def choose_policy(workspace: Workspace, reviewer: str, code: str) -> None:
    """Choose the policy that the workspace goes by from now on.

    Args:
        workspace: for which.
        reviewer: who chooses.
        code: one of ``POLICIES``.

    Raises:
        InputError: there is no such policy, or the reviewer's name cannot be used.
    """
    if code not in POLICIES:
        raise InputError(f"{code!r} is no policy; the policies are {', '.join(POLICIES)}.")
    row = {"at": db.now(), "reviewer": clean_reviewer(reviewer), "subject": _SUBJECT, "value": code}
    with db.writing(workspace.engine, "choices") as connection:
        connection.execute(insert(tables.choices).values(row))
