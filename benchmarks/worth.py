"""Does worth tell what is so? Random flags, planted wrong labels, spoiled pictures, on a run's own images.

Random flags are worth nothing: their p must be uniform, which a Kolmogorov-Smirnov test tries. Labels changed
on purpose must be found, by suspects and by the verdict. Pictures spoiled on purpose must be reported as what
they are. Nothing is trained; heads on the run's first embeddings are fitted.

    python -m benchmarks.worth --run models/RUN --random 100 --planted 10 --spoiled 5
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score

from breakhis_core.images.model_inputs import shown
from breakhis_core.images.pixels import decode, to_model_input
from breakhis_core.images.taxonomy import CODES
from breakhis_core.recipes import completed
from breakhis_core.runs import Run, open_run
from breakhis_core.runs.predictor import Predictor
from breakhis_core.suspects.head import Space
from breakhis_core.suspects.unseen import unseen_predictions
from breakhis_core.training.data import usable_images
from breakhis_core.workspace import Workspace
from breakhis_core.worth.measuring import measured
from breakhis_core.worth.question import Question, question

SHARE = 0.1
SPOILED_SHARE = 0.2
QUICK = (3, 19)
WHOLE = (20, 39)


class Silent:
    """A context that nobody listens to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Say nothing."""

    def curve(self, row: Any) -> None:
        """Draw nothing."""

    def should_stop(self) -> bool:
        """Go on."""
        return False


def ask(asked: Question, seeds: int, placebos: int) -> dict[str, Any]:
    """Measure a question from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        return measured(asked, seeds, placebos, Silent(Path(folder)))


def flagged(whole: Question, which: npt.NDArray[np.bool_], labels: npt.NDArray[np.int64]) -> Question:
    """Return the question about some images, with labels as published and labels that reviewers name."""
    images = whole.images.assign(label=labels, subtype=[CODES[one] for one in labels])
    named = np.where(which & (whole.labels != labels), whole.labels, -1)
    return replace(whole, images=images, flagged=which, corrected=named, reasons={})


def random_flags(whole: Question, times: int) -> None:
    """Flag images at random, again and again: p must be uniform."""
    draw = np.random.default_rng(0)
    count = len(whole.images)
    found = []
    for _ in range(times):
        which = np.isin(np.arange(count), draw.choice(count, round(SHARE * count), replace=False))
        found.append(ask(flagged(whole, which, whole.labels), *QUICK)["arms"]["without"])
    p = np.array([one["figures"]["accuracy"]["p"] for one in found])
    # p takes as many values as there are placebos and one; spread within its step it is continuous.
    spread = p - draw.random(times) / (QUICK[1] + 1)
    test = kstest(spread, "uniform")
    print(f"{times} sets of {round(SHARE * count)} random flags, {QUICK[0]} seeds, {QUICK[1]} placebos:")
    print(
        f"  p at most 0.05: {np.mean(p <= 0.05):.2f}, at most 0.1: {np.mean(p <= 0.1):.2f}, "
        f"at most 0.5: {np.mean(p <= 0.5):.2f}"
    )
    print(f"  Kolmogorov-Smirnov: {test.statistic:.3f}, p {test.pvalue:.2f}")
    print(f"  verdicts: {dict(Counter(one['verdict'] for one in found))}", flush=True)


def wrong_labels(whole: Question, times: int) -> None:
    """Change one label in ten: suspects must find them, and leaving out and correcting must help."""
    count, space = len(whole.images), Space.of(whole.embeddings)
    verdicts: dict[str, Counter[str]] = {"without": Counter(), "corrected": Counter()}
    for seed in range(times):
        draw = np.random.default_rng(100 + seed)
        which = np.isin(np.arange(count), draw.choice(count, round(SHARE * count), replace=False))
        labels = np.where(
            which, (whole.labels + draw.integers(1, len(CODES), count)) % len(CODES), whole.labels
        )
        doubt = 1 - unseen_predictions(space, labels)[np.arange(count), labels]
        found, many = which[np.argsort(-doubt)], int(which.sum())
        result = ask(flagged(whole, which, labels), *WHOLE)
        told = []
        for name, arm in result["arms"].items():
            verdicts[name][arm["verdict"]] += 1
            one = arm["figures"]["accuracy"]
            told.append(
                f"{name} {one['to_all']['delta']:+.3f} {one['to_all']['interval']} "
                f"p {one['p']:.3f} {arm['verdict']}"
            )
        print(
            f"  {many} of {count} labels changed, seed {seed}: AUC {roc_auc_score(which, doubt):.3f}, "
            f"of the first {many} {found[:many].sum()}, of the first {2 * many} {found[: 2 * many].sum()}; "
            f"{'; '.join(told)}",
            flush=True,
        )
    print(
        f"Wrong labels, {times} times: { ({name: dict(found) for name, found in verdicts.items()}) }",
        flush=True,
    )


def spoil(picture: Image.Image, kind: str, draw: np.random.Generator) -> Image.Image:
    """Return a picture out of focus, with pen marks, or mostly empty."""
    width, height = picture.size
    if kind == "blur":
        return picture.filter(ImageFilter.GaussianBlur(5))
    spoiled = picture.copy()
    pencil = ImageDraw.Draw(spoiled)
    if kind == "empty":
        pencil.rectangle((0, 0, int(0.6 * width), height), fill=(240, 236, 240))
        return spoiled
    for _ in range(4):
        ends = draw.random(4) * (width, height, width, height)
        pencil.line(tuple(map(float, ends)), fill=(20, 40, 120), width=28)
    return spoiled


def spoiled_pictures(run: Run, whole: Question, times: int) -> None:
    """Spoil one picture in five: the verdict must be what it is, whatever one would like."""
    workspace = Workspace.open()
    images, roots = usable_images(workspace, None, run.name)
    places = dict(zip(images["hash"], zip(images["dataset"], images["path"], strict=True), strict=True))
    predictor, variants = Predictor.load(run.path), completed(run.recipe()).variants
    verdicts: Counter[str] = Counter()
    for seed in range(times):
        draw = np.random.default_rng(200 + seed)
        count = len(whole.images)
        which = np.isin(np.arange(count), draw.choice(count, round(SPOILED_SHARE * count), replace=False))
        embeddings = whole.embeddings.copy()
        for row in np.flatnonzero(which):
            number, path = places[whole.images["hash"].iat[row]]
            picture = spoil(
                Image.fromarray(decode(roots[number].root / path)), ("blur", "pen", "empty")[row % 3], draw
            )
            inputs = to_model_input(np.asarray(picture))[None]
            seen = [predictor.predict(shown(inputs, variant)).embeddings[0] for variant in variants]
            embeddings[row] = np.mean(seen, axis=0)
        result = ask(replace(flagged(whole, which, whole.labels), embeddings=embeddings), *WHOLE)
        arm = result["arms"]["without"]
        verdicts[arm["verdict"]] += 1
        print(f"  seed {seed}: {arm['sentence']} {arm['figures']['accuracy']['to_placebo']}", flush=True)
    print(f"Spoiled pictures (out of focus, pen, mostly empty) left out, {times} times: {dict(verdicts)}")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", required=True, help="a run whose base is frozen, such as one of recommended")
    for part in ("random", "planted", "spoiled"):
        parser.add_argument(f"--{part}", type=int, default=0, metavar="TIMES")
    wanted = parser.parse_args()
    run = open_run(wanted.run)
    split = run.split()
    first = split.loc[split["part"] != "test", "hash"].iloc[0]
    whole = question(run, {first: ("other",)})
    if wanted.planted:
        wrong_labels(whole, wanted.planted)
    if wanted.spoiled:
        spoiled_pictures(run, whole, wanted.spoiled)
    if wanted.random:
        random_flags(whole, wanted.random)


if __name__ == "__main__":
    main()
