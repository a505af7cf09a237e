"""Measuring what flags are worth: the job, from the question to the result that is kept."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from breakhis_core.progress import Context, stop_if_asked
from breakhis_core.runs import Run
from breakhis_core.runs.run import run_named
from breakhis_core.storage import database
from breakhis_core.storage.whole_files import write_atomically
from breakhis_core.wording import number
from breakhis_core.workspace import Workspace
from breakhis_core.worth.arms import Arm, arms_of, out_of_fold, space_of
from breakhis_core.worth.differences import HEADLINE, Measured, Scale, compared, smallest_effect
from breakhis_core.worth.placebo import draw_placebo
from breakhis_core.worth.question import ENOUGH_OF_A_REASON, Booleans, Question, question, told
from breakhis_core.worth.truth import gained, truth_of
from breakhis_core.worth.verdict import sentence, verdict

FORMAT = 2
SEEDS = 20
PLACEBOS = 39
"""With as many, the smallest p is 1 / 40."""
_SECONDS = 1.5e-4
"""For one image in one retraining and its folds, on two cores."""
MAIN = ("without", "corrected", "both")
ALL = "all"


class WorthRequest(BaseModel):
    """What to measure; a job's row keeps ``model_dump(mode="json")``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = Field(description="Name of the run whose training images are flagged.")
    flagged: dict[str, tuple[str, ...]] = Field(description="Reasons of each flagged image, by hash.")
    corrected: dict[str, str] = Field(default={}, description="Sub-types that reviewers named, by hash.")
    seeds: int = Field(default=SEEDS, ge=2, le=1000, description="Seeds of each arm.")
    placebos: int = Field(default=PLACEBOS, ge=19, le=9999, description="Placebos of each set of images.")


def measure_worth(request: WorthRequest, workspace: Workspace, context: Context) -> dict[str, Any]:
    """Measure what leaving out flagged images is worth, and keep the result.

    Args:
        request: what to measure.
        workspace: has the run, and keeps the result.
        context: told about progress, and asked whether to stop. A seed that ended is not measured again.

    Returns:
        The result: see ``measured``; of phantoms also ``truth``, see ``truth.gained``.

    Raises:
        InputError: nothing can be measured; one sentence says why.
        JobStopped: asked to stop.
    """
    run = run_named(workspace.models, request.run)
    asked = question(run, request.flagged, request.corrected)
    result: dict[str, Any] = {
        "format": FORMAT,
        "run": run.name,
        "phantom": run.phantom,
        "at": database.now(),
        **measured(asked, request.seeds, request.placebos, context),
    }
    truth = truth_of(workspace, asked) if run.phantom else None
    if truth is not None:
        best = result["best"]
        result["truth"] = gained(asked, truth, best, arms_of(asked)[best], request.seeds, context)
    file = result_file(workspace, run, request)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps(result, indent=1).encode())
    return result


def result_file(workspace: Workspace, run: Run, request: WorthRequest) -> Path:
    """Return where the result of a request is kept; it hangs on the run's content and on what is asked."""
    return results_folder(workspace, run) / f"{digest_of(request, run, FORMAT)}.json"


def digest_of(request: BaseModel, run: Run, version: int) -> str:
    """Return what tells a request about a run from others, whatever is added to the run's folder later."""
    files = [run.manifest["files"][name] for name in ("predictions.parquet", "split.parquet")]
    said = {**request.model_dump(mode="json"), "run": files, "format": version}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def results_folder(workspace: Workspace, run: Run) -> Path:
    """Return where the results of a run are kept."""
    return workspace.root / "worth" / run.name


def seconds_needed(run: Run, request: WorthRequest) -> float:
    """Estimate how long measuring takes, without looking at the images."""
    reasons = Counter(reason for said in request.flagged.values() for reason in said)
    sets = 1 + sum(ENOUGH_OF_A_REASON <= many < len(request.flagged) for many in reasons.values())
    arms = 4 + sets * (request.placebos + 1)
    return 10 + _SECONDS * arms * request.seeds * len(run.split())


def measured(asked: Question, seeds: int, placebos: int, context: Context) -> dict[str, Any]:
    """Measure the arms of a question.

    Returns:
        A dictionary that JSON can hold: unit, images, cases, flagged, named (labels that reviewers named),
        asked (as of ``question.told``), tested_images, tested_cases, seeds, placebos, heads (accuracy,
        interval and baseline of all images, and whether they tell), smallest_effect, arms (by name: flagged,
        cases, placebo_cases, figures as of ``differences.compared``, verdict; of the main ones a sentence),
        and best: of the main arms one that helps, with the highest accuracy.
    """
    arms = arms_of(asked)
    sets = {name: arm.out if name.startswith("without:") else asked.flagged for name, arm in arms.items()}
    drawn = {name: _placebos(asked, which, placebos) for name, which in _own_placebos(sets).items()}
    every = [*arms.values(), *(arm for some in drawn.values() for arm in some)]
    said = _said(asked, every, seeds, context, range(len(arms), len(arms) + placebos))
    scale = Scale(asked, seeds)
    of_placebos, at = {}, len(arms)
    for name, some in drawn.items():
        of_placebos[name] = [scale.measure(said[:, at + one]) for one in range(len(some))]
        at += len(some)
    whole = scale.measure(said[:, list(arms).index(ALL)])
    smallest = smallest_effect(of_placebos["without"])
    context.report(f"An effect of {number(smallest)} in accuracy could be seen here", 0.98)
    heads = _heads(asked, scale, whole)
    result: dict[str, Any] = {
        "unit": asked.unit,
        "images": len(asked.images),
        "cases": int(asked.images["case"].nunique()),
        "flagged": int(asked.flagged.sum()),
        "named": int((asked.corrected >= 0).sum()),
        "asked": told(asked),
        "tested_images": scale.images,
        "tested_cases": scale.cases,
        "seeds": seeds,
        "placebos": placebos,
        "heads": heads,
        "smallest_effect": round(smallest, 6),
        "arms": {},
    }
    for place, name in enumerate(arms):
        if name == ALL:
            continue
        own = name if name in drawn else "without"
        figures = compared(scale, scale.measure(said[:, place]), whole, of_placebos[own])
        out = asked.flagged if own == "without" else arms[name].out
        result["arms"][name] = {
            "flagged": int(out.sum()),
            "cases": _cases(asked, out),
            "placebo_cases": round(float(np.mean([_cases(asked, one.out) for one in drawn[own]])), 1),
            "figures": figures,
            "verdict": verdict(name, figures[HEADLINE], heads["tell"]),
        }
    main = [name for name in MAIN if name in result["arms"]]
    for name in main:
        one = result["arms"][name]
        one["sentence"] = sentence(one["verdict"], name, result)
    result["best"] = max(main, key=lambda name: _merit(result["arms"][name]))
    return result


def _merit(arm: Mapping[str, Any]) -> tuple[bool, float]:
    """Return what the best arm has most of: first that it helps, then accuracy."""
    return arm["verdict"] == "helps", float(arm["figures"][HEADLINE]["value"])


def _own_placebos(sets: Mapping[str, Booleans]) -> dict[str, Booleans]:
    return {name: which for name, which in sets.items() if name == "without" or name.startswith("without:")}


def _placebos(asked: Question, which: Booleans, count: int) -> list[Arm]:
    """Draw placebos of a set of images among the unflagged ones."""
    labels, among = asked.labels, asked.tested
    return [
        Arm(draw_placebo(asked.images, which, among, np.random.default_rng([7, number])), labels)
        for number in range(count)
    ]


def _said(
    asked: Question, arms: Sequence[Arm], seeds: int, context: Context, placebos: range
) -> npt.NDArray[np.int8]:
    """Return what each arm says of each image for each seed, shape ``(S, A, N)``."""
    space = space_of(asked)
    shape, mark = (len(arms), len(asked.images)), _mark(asked, arms)
    said = np.empty((seeds, *shape), np.int8)
    seen = ""
    for seed in range(seeds):
        file = context.folder / f"seed-{seed}-{mark}.npy"
        kept = _kept(file, shape)
        if kept is None:

            def tell(done: int, seed: int = seed, seen: str = seen) -> None:
                stop_if_asked(context)
                share = (seed + done / len(arms)) / seeds
                context.report(f"Seed {seed + 1} of {seeds}: {len(arms)} retrainings{seen}", 0.97 * share)

            kept = out_of_fold(asked, space, arms, seed, tell)
            with file.with_suffix(".part").open("wb") as stream:
                np.save(stream, kept)
            file.with_suffix(".part").replace(file)
        said[seed] = kept
        if 1 < seed + 1 < seeds:
            scale = Scale(asked, seed + 1)
            so_far = smallest_effect([scale.measure(said[: seed + 1, one]) for one in placebos])
            seen = f"; an effect of about {number(so_far)} could be seen here"
    return said


def _mark(asked: Question, arms: Sequence[Arm]) -> str:
    digest = hashlib.sha256(asked.embeddings.tobytes() + asked.unit.encode())
    for arm in arms:
        digest.update(arm.out.tobytes() + arm.labels.tobytes())
    return digest.hexdigest()[:16]


def _kept(file: Path, shape: tuple[int, int]) -> npt.NDArray[np.int8] | None:
    try:
        kept: npt.NDArray[np.int8] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return kept if kept.shape == shape else None


def _cases(asked: Question, which: Booleans) -> int:
    return int(asked.images.loc[which, "case"].nunique())


def _heads(asked: Question, scale: Scale, whole: Measured) -> dict[str, Any]:
    labels = asked.labels[asked.tested]
    baseline = float(np.bincount(labels).max() / len(labels))
    limits = scale.limits(whole.drawn[HEADLINE])
    return {
        "accuracy": round(whole.observed[HEADLINE], 6),
        "interval": limits,
        "baseline": round(baseline, 6),
        "tell": limits is not None and limits[0] > baseline,
    }
