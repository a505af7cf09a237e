"""The kinds of jobs by name. What each does is in ``work``, which only the process of a job loads."""

from __future__ import annotations

AT_ONCE: dict[str, int] = dict.fromkeys(
    ("catalogue", "demo", "measure", "train", "sweep", "maps", "look", "worth", "confirm"), 1
)
"""How many of a kind may run at the same time; further ones wait."""
