"""Where things are: four settings, each an environment variable or an argument."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[1]
"""The folder that holds the package: the checkout, or where pip put it."""


def default_home() -> Path:
    """Return the folder of ``workspace`` and ``models`` where nothing else is set.

    It is the checkout where the code runs from one, else the present folder: nothing is written beside an
    installed package.
    """
    return PROJECT if (PROJECT / "pyproject.toml").is_file() else Path.cwd()


class Settings(BaseSettings):
    """Settings of one workspace; an argument wins over the environment.

    Attributes:
        workspace: folder of the database, caches, thumbnails and jobs (``BREAKHIS_WORKSPACE``).
        models: folder of the run folders (``BREAKHIS_MODELS``).
        data: folder of the BreakHis images, or ``None`` (``BREAKHIS_DATA``).
        database_url: a PostgreSQL address, or ``None`` for SQLite in the workspace (``DATABASE_URL``).
    """

    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore", frozen=True)

    workspace: Path = Field(
        default_factory=lambda: default_home() / "workspace", validation_alias="BREAKHIS_WORKSPACE"
    )
    models: Path = Field(
        default_factory=lambda: default_home() / "models", validation_alias="BREAKHIS_MODELS"
    )
    data: Path | None = Field(default=None, validation_alias="BREAKHIS_DATA")
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object, about: ValidationInfo) -> object:
        # A shell that sets a variable to nothing means none: an empty path would be the folder one stands in.
        field = cls.model_fields[str(about.field_name)]
        return field.get_default(call_default_factory=True) if value == "" else value

    @field_validator("workspace", "models", "data")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        # A job is a process of its own: a relative path must mean the same folder there.
        return None if value is None else value.expanduser().absolute()

    def environment(self) -> dict[str, str]:
        """Return the environment variables that give another process these same settings."""
        return {
            "BREAKHIS_WORKSPACE": str(self.workspace),
            "BREAKHIS_MODELS": str(self.models),
            "BREAKHIS_DATA": "" if self.data is None else str(self.data),
            "DATABASE_URL": self.database_url or "",
        }
