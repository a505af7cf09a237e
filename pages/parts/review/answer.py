"""What stands about one image, a reviewer's answer or what a steward settled, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass

from pages.parts.shared.reasons import as_said


@dataclass(frozen=True, slots=True)
class Answer:
    """This reviewer's standing answer about one image."""

    action: str
    reason: str
    note: str
    correction: str

    @property
    def choice(self) -> str:
        """What was pressed: the code of the reason, or ``"keep"``."""
        return "keep" if self.action == "keep" else self.reason

    @property
    def words(self) -> str:
        """The answer as it stands on screen."""
        if self.action == "keep":
            return "kept: nothing wrong with the image"
        note = f" ({self.note})" if self.note else ""
        return f"flagged: {as_said(self.reason, self.correction)}{note}"

    @property
    def stands(self) -> str:
        """The answer and whose it is."""
        return f"you {self.words}"


@dataclass(frozen=True, slots=True)
class Settled(Answer):
    """A steward's standing decision about one image: ``"keep"`` where it stays in the training."""

    steward: str

    @property
    def words(self) -> str:
        """The decision as it stands on screen."""
        note = f" ({self.note})" if self.note else ""
        if self.action == "keep":
            return f"settled: stays in the training{note}"
        return f"settled: leaves the training, {as_said(self.reason, self.correction)}{note}"

    @property
    def stands(self) -> str:
        """The decision and whose it is."""
        return f"{self.words}, by {self.steward}"
