"""Which images leave a training: what the rule makes of the flags, and what stewards settled."""

from __future__ import annotations

from breakhis_core.reviews.ledger import FIELD, Ledger, ledger_of
from breakhis_core.reviews.policy import policy_code
from breakhis_core.workspace import Workspace


def excluded_hashes(workspace: Workspace, policy: str | None = None) -> tuple[str, ...]:
    """Return the images that should leave the training, sorted by hash.

    Args:
        workspace: where the answers are.
        policy: one of ``POLICIES``; by default the one that was chosen for the workspace.
    """
    policy = policy_code(workspace, policy)
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        return excluded_in(ledger, policy)


def excluded_in(ledger: Ledger, policy: str) -> tuple[str, ...]:
    """Return what ``excluded_hashes`` does, for who holds the ledger already."""
    action = FIELD["action"]
    wish = ("excluded", policy)
    if wish in ledger.kept:
        kept: tuple[str, ...] = ledger.kept[wish]
        return kept
    out = {image for image, event in ledger.settlements.items() if event[action] == "exclude"}
    if policy != "settled":
        for image, answers in ledger.answers.items():
            flags = sum(event[action] == "flag" for event in answers.values())
            if flags > (0 if policy == "any" else len(answers) / 2) and image not in ledger.settlements:
                out.add(image)
    excluded = ledger.kept[wish] = tuple(sorted(out))
    return excluded
