"""What a training is asked for."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES
from breakhis_core.recipes import Recipe
from breakhis_core.splits.split import Unit


class TrainRequest(BaseModel):
    """What to train; a job's row keeps ``model_dump(mode="json")``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Recipe = Field(description="All settings of the training itself.")
    data: int | None = Field(
        default=None,
        description="Id of the data set; else the newest, or with `improves` any with the images.",
    )
    unit: Unit = Field(default="case", description="Unit of the split.")
    split_seed: int = Field(default=0, description="Seed of the split.")
    weights: str = Field(default="imagenet", description="`imagenet`, `none`, or path of a weights file.")
    exclude: tuple[str, ...] = Field(default=(), description="Hashes left out of train and validation.")
    labels: dict[str, str] = Field(
        default_factory=dict,
        # A request without corrections is written as before there were any: its stopped training goes on.
        exclude_if=lambda labels: not labels,
        description="Corrected sub-types by hash, used in train and validation only.",
    )
    improves: str | None = Field(default=None, description="Name of the run whose split is kept.")
    name: str = Field(
        default="", description="Name of the run; numbered when taken; by default made of recipe and unit."
    )
    compact: bool = Field(
        default=False, description="Round the weights to half precision and keep a small run folder."
    )
    folds: int = Field(
        default=0,
        ge=0,
        description="Folds of a cross-validation; 0 trains one model. With `improves` that run decides.",
    )
    fold_files: tuple[str, ...] = Field(
        default=(), description="Paths of published fold files, which then give the folds."
    )

    @field_validator("labels")
    @classmethod
    def _are_subtypes(cls, labels: dict[str, str]) -> dict[str, str]:
        strange = next((code for code in labels.values() if code not in CODES), None)
        if strange is not None:
            raise ValueError(f"{strange!r} among the labels is none of {', '.join(CODES)}")
        return labels

    def __hash__(self) -> int:
        """Return the same for equal requests; a dictionary has no hash of its own."""
        return hash(self.model_dump_json(exclude={"labels"}))


def weights_given(weights: str) -> str:
    """Return the weights as ``TrainRequest`` takes them: imagenet, none, or the whole path of a file.

    Raises:
        InputError: there is no such file.
    """
    if weights in ("imagenet", "none"):
        return weights
    file = Path(weights).expanduser()
    if not file.is_file():
        raise InputError(f"{weights}: there is no such file; give imagenet, none, or a weights file.")
    return str(file.resolve())
