"""Fixtures that several tests use: a workspace of their own, real data where it is, a small synthetic run."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import hypothesis
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.images.pixels import decode, pixel_hash
from breakhis_core.images.taxonomy import CODES, case_of, side_of, subtype
from breakhis_core.runs import PROBABILITIES, Run, open_run, write_facts, writing_run
from breakhis_core.runs.folder import FIRST_EMBEDDINGS, UNSEEN
from breakhis_core.settings import Settings
from breakhis_core.suspects.looking import look
from breakhis_core.workspace import Workspace, close_shared_workspace
from tests.training.fixtures_ml import small, tiny_run  # noqa: F401 - fixtures

if "PYTEST_XDIST_WORKER" in os.environ:
    # Each worker has a core: TensorFlow's threads of one would only wait for those of the other.
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")

# A busy machine is slow, which is no fault of the code.
hypothesis.settings.register_profile("any clock", deadline=None)
hypothesis.settings.load_profile("any clock")

SHARED = Path(__file__).parents[1] / "../shared"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a workspace in a temporary folder, in the environment too: no test meets the real one."""
    own = Settings(workspace=tmp_path / "workspace", models=tmp_path / "models", data=None, database_url=None)
    for name, value in own.environment().items():
        monkeypatch.setenv(name, value)
    close_shared_workspace()
    yield own
    close_shared_workspace()


@pytest.fixture
def workspace(settings: Settings) -> Iterator[Workspace]:
    """An empty workspace on SQLite."""
    opened = Workspace.open(settings)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_workspace(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """An empty workspace on SQLite, and another on PostgreSQL, in a schema of its own."""
    if request.param == "sqlite":
        opened = Workspace.open(settings)
        yield opened
        opened.close()
        return
    address = os.environ.get("TEST_DATABASE_URL")
    if not address:
        pytest.skip("TEST_DATABASE_URL names no PostgreSQL database to test against")
    url = make_url(address).set(drivername="postgresql+psycopg")
    schema = f"test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    own = url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", own)
    opened = Workspace.open(settings.model_copy(update={"database_url": own}))
    yield opened
    opened.close()
    with admin.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


@pytest.fixture(scope="session")
def shared_breakhis() -> Path:
    """Folder of real BreakHis images in the official layout."""
    folder = SHARED / "breakhis"
    if not folder.is_dir():
        pytest.skip("no real BreakHis images in ../shared/breakhis")
    return folder.resolve()


@pytest.fixture(scope="session")
def shared_weights() -> Path:
    """Folder of real pretrained weights."""
    folder = SHARED / "weights"
    if not folder.is_dir():
        pytest.skip("no weights in ../shared/weights")
    return folder.resolve()


def paint_pictures(root: Path, per_slide: int = 4, size: tuple[int, int] = (70, 46)) -> pd.DataFrame:
    """Write tiny pictures in BreakHis' layout: two cases of each sub-type, ``per_slide`` images each.

    Returns:
        A frame with the columns of ``catalogue.IMAGE_COLUMNS``.
    """
    random = np.random.default_rng(7)
    rows = []
    for number, code in enumerate(CODES):
        kind = subtype(code)
        for half in range(2):
            slide = f"14-{1000 + 2 * number + half}"
            for sequence in range(per_slide):
                magnification = (40, 100, 200, 400)[sequence % 4]
                side = side_of(code)[0].upper()
                name = f"SOB_{side}_{code}-{slide}-{magnification}-{sequence + 1:03d}.png"
                file = (
                    root
                    / f"BreaKHis_v1/histology_slides/breast/{kind.side}/SOB/{kind.folder}"
                    / f"SOB_{side}_{code}_{slide}/{magnification}X/{name}"
                )
                file.parent.mkdir(parents=True, exist_ok=True)
                pixels = random.integers(100, 256, (size[1], size[0], 3), dtype=np.uint8)
                Image.fromarray(pixels).save(file)
                rows.append(
                    {
                        "hash": pixel_hash(decode(file)),
                        "name": name,
                        "path": file.relative_to(root).as_posix(),
                        "subtype": code,
                        "side": kind.side,
                        "slide": slide,
                        "case": case_of(slide),
                        "magnification": magnification,
                        "width": size[0],
                        "height": size[1],
                        "status": "usable",
                    }
                )
    return pd.DataFrame(rows)


@pytest.fixture
def pictures(workspace: Workspace, tmp_path: Path) -> pd.DataFrame:
    """Sixty-four tiny pictures on disk, catalogued in the workspace as phantoms."""
    root = tmp_path / "pictures"
    images = paint_pictures(root)
    problems = pd.DataFrame(columns=["path", "kind", "reason"])
    datasets.save_catalogue(workspace, Catalogue(root, images, problems, phantom=True))
    return images


def write_fake_run(
    models: Path,
    name: str,
    images: pd.DataFrame,
    seed: int = 1,
    skill: float = 2.5,
    seen_as: Mapping[str, str] | None = None,
    class_maps: np.ndarray | None = None,
    settings: Mapping[str, object] | None = None,
    **facts: object,
) -> Run:
    """Write a run whose predictions and maps are random but right more often than not, without TensorFlow.

    With ``seen_as`` it keeps first embeddings too, which lie by label, of the images in it by another one;
    ``class_maps`` come in the place of random ones, ``settings`` into its recipe.
    """
    random = np.random.default_rng(seed)
    count = len(images)
    truth = np.array([CODES.index(code) for code in images["subtype"]])
    logits = random.normal(0, 1.5, (count, len(CODES)))
    logits[np.arange(count), truth] += skill
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    # Every sub-type has a case in test and one elsewhere, as a split by case should.
    order = images["case"].map({case: i % 2 for i, case in enumerate(sorted(set(images["case"])))})
    part = np.where(order.to_numpy() == 0, "test", np.where(np.arange(count) % 5 == 0, "validation", "train"))
    frame = images[["hash", "name"]].copy()
    frame["part"] = part
    for column in ("subtype", "side", "slide", "case", "magnification"):
        frame[column] = images[column]
    for column, values in zip(PROBABILITIES, probabilities.T, strict=True):
        frame[column] = values.astype(np.float32)
    frame["predicted"] = [CODES[best] for best in probabilities.argmax(axis=1)]
    frame["confidence"] = probabilities.max(axis=1).astype(np.float32)
    with writing_run(models, name) as folder:
        (folder / "recipe.json").write_text(
            json.dumps({"name": "recommended", "epochs": 2, "seed": seed, **(settings or {})})
        )
        frame[["hash", "part"]].to_parquet(folder / "split.parquet")
        pd.DataFrame(
            {
                "epoch": [1, 2],
                "loss": [1.9, 1.2],
                "accuracy": [0.3, 0.55],
                "val_loss": [2.0, 1.5],
                "val_accuracy": [0.25, 0.5],
                "learning_rate": [1e-3, 9.5e-4],
                "seconds": [2.0, 1.0],
            }
        ).to_csv(folder / "history.csv", index=False)
        (folder / "model.keras").write_bytes(b"placeholder, not a model")
        (folder / "predictor.onnx").write_bytes(b"placeholder, not a graph")
        frame.to_parquet(folder / "predictions.parquet")
        maps = random.random((count, len(CODES), 7, 7)).astype(np.float16)
        np.save(folder / "class_maps.npy", maps if class_maps is None else class_maps.astype(np.float16))
        np.save(folder / "embeddings.npy", random.random((count, 960)).astype(np.float16))
        if seen_as is not None:
            likes = [seen_as.get(*pair) for pair in zip(frame["hash"], frame["subtype"], strict=True)]
            first = random.normal(0, 0.3, (count, 960))
            first[np.arange(count), [CODES.index(code) for code in likes]] += 20
            np.save(folder / FIRST_EMBEDDINGS, first.astype(np.float16))
            look(frame, first, truth).to_parquet(folder / UNSEEN)
        (folder / "card.md").write_text("# A run that no training made\n")
        about: dict[str, object] = {
            "phantom": True,
            "unit": "case",
            "split_seed": seed,
            "weights": "none",
            "seconds": 3.0,
            "versions": {},
            **facts,
        }
        write_facts(folder, **about)  # type: ignore[arg-type]
    return open_run(models / name)


@pytest.fixture
def fake_run(workspace: Workspace, pictures: pd.DataFrame) -> Run:
    """A small run on the catalogued pictures, with random predictions and maps."""
    return write_fake_run(workspace.models, "fake", pictures)


@pytest.fixture
def looked_run(workspace: Workspace, pictures: pd.DataFrame, fake_run: Run) -> tuple[Run, tuple[str, ...]]:
    """A run as ``fake_run`` that models which never saw its images were asked of, and the doubtful images."""
    table = fake_run.predictions()
    some = table[table["part"] == "train"].groupby("subtype").head(1).head(3)
    others = ["MC" if code == "DC" else "DC" for code in some["subtype"]]
    seen_as = dict(zip(some["hash"], others, strict=True))
    return write_fake_run(workspace.models, "looked", pictures, seen_as=seen_as), tuple(seen_as)


@pytest.fixture
def other_set(workspace: Workspace, tmp_path: Path) -> tuple[pd.DataFrame, Run]:
    """A second catalogued data set, of other pictures that are no phantoms, and a run on it."""
    images = paint_pictures(tmp_path / "tissue", per_slide=2, size=(60, 46))
    problems = pd.DataFrame(columns=["path", "kind", "reason"])
    datasets.save_catalogue(workspace, Catalogue(tmp_path / "tissue", images, problems, phantom=False))
    return images, write_fake_run(workspace.models, "tissue-run", images, seed=3, phantom=False)
