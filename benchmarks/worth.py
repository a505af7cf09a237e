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
from breakhis_core.images.pixels import decode
from breakhis_core.images.taxonomy import CODES
from breakhis_core.recipes import completed
from breakhis_core.runs import Run, open_run
from breakhis_core.runs.predictor import Predictor
from breakhis_core.suspects.head import Space, fit_heads
from breakhis_core.suspects.unseen import FOLDS, folds_by_image, unseen_predictions
from breakhis_core.training.data import usable_images
from breakhis_core.workspace import Workspace
from breakhis_core.worth.arms import PENALTY
from breakhis_core.worth.measuring import measured
from breakhis_core.worth.question import Question, question

SHARE = 0.1
SPOILED_SHARE = 0.2
QUICK = (3, 19)
WHOLE = (20, 39)
KINDS = ("blur", "pen", "empty")


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


class Spoiler:
    """Embeds spoiled pictures of a run's images as the run's first weights do.

    Args:
        run: a run whose base is frozen, so that its predictor's embeddings are those of the first weights.
    """

    def __init__(self, run: Run) -> None:
        images, self._roots = usable_images(Workspace.open(), None, run.name)
        places = zip(images["dataset"], images["path"], strict=True)
        self._places = dict(zip(images["hash"], places, strict=True))
        self._predictor, self._variants = Predictor.load(run.path), completed(run.recipe()).variants
        self._form = run.input_form

    def embedding(self, image: str, kind: str, draw: np.random.Generator) -> npt.NDArray[np.float32]:
        """Return the embedding of an image that is spoiled in some way, the mean over the recipe's flips."""
        number, path = self._places[image]
        picture = spoil(Image.fromarray(decode(self._roots[number].root / path)), kind, draw)
        inputs = self._form.of(np.asarray(picture))[None]
        flipped = np.concatenate([shown(inputs, variant) for variant in self._variants])
        return np.asarray(self._predictor.predict(flipped).embeddings.mean(axis=0), np.float32)


def poor_pictures(run: Run, whole: Question) -> None:
    """Ask heads that learnt good pictures about the same images spoiled: are these misclassified?"""
    spoiler, labels, count = Spoiler(run), whole.labels, len(whole.images)
    found: dict[str, list[float]] = {kind: [] for kind in ("good", *KINDS)}
    poor = {
        kind: np.stack(
            [
                spoiler.embedding(image, kind, np.random.default_rng([5, row]))
                for row, image in enumerate(whole.images["hash"])
            ]
        )
        for kind in KINDS
    }
    space = Space.of(np.concatenate([whole.embeddings, *poor.values()]))
    for seed in range(5):
        dealt = folds_by_image(labels, seed)
        seen = np.zeros((len(space), FOLDS))
        seen[:count] = dealt[:, None] != np.arange(FOLDS)[None, :]
        told = np.tile(labels, 1 + len(KINDS))[:, None].repeat(FOLDS, axis=1)
        said = fit_heads(space, told, seen, PENALTY).argmax(axis=2).reshape(-1, count, FOLDS)
        for answers, right in zip(said, found.values(), strict=True):
            right.append((answers[np.arange(count), dealt] == labels).mean())
    for kind, right in found.items():
        print(f"  {kind}: right in {np.mean(right):.2f} of {count}", flush=True)


def spoiled_pictures(run: Run, whole: Question, times: int) -> None:
    """Spoil one picture in five: the verdict must be what it is, whatever one would like."""
    spoiler, count, verdicts = Spoiler(run), len(whole.images), Counter[str]()
    for seed in range(times):
        draw = np.random.default_rng(200 + seed)
        which = np.isin(np.arange(count), draw.choice(count, round(SPOILED_SHARE * count), replace=False))
        embeddings = whole.embeddings.copy()
        for row in np.flatnonzero(which):
            image = whole.images["hash"].iat[row]
            embeddings[row] = spoiler.embedding(image, KINDS[row % len(KINDS)], draw)
        result = ask(replace(flagged(whole, which, whole.labels), embeddings=embeddings), *WHOLE)
        arm = result["arms"]["without"]
        verdicts[arm["verdict"]] += 1
        print(f"  seed {seed}: {arm['sentence']} {arm['figures']['accuracy']['to_placebo']}", flush=True)
    print(f"Spoiled pictures ({', '.join(KINDS)}) left out, {times} times: {dict(verdicts)}")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", required=True, help="a run whose base is frozen, such as one of quick")
    for part in ("random", "planted", "spoiled"):
        parser.add_argument(f"--{part}", type=int, default=0, metavar="TIMES")
    parser.add_argument("--poor", action="store_true", help="are poor pictures misclassified more often?")
    wanted = parser.parse_args()
    run = open_run(wanted.run)
    split = run.split()
    first = split.loc[split["part"] != "test", "hash"].iloc[0]
    whole = question(run, {first: ("other",)})
    if wanted.poor:
        poor_pictures(run, whole)
    if wanted.planted:
        wrong_labels(whole, wanted.planted)
    if wanted.spoiled:
        spoiled_pictures(run, whole, wanted.spoiled)
    if wanted.random:
        random_flags(whole, wanted.random)


if __name__ == "__main__":
    main()
