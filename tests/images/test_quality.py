import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter

from breakhis_core.images import quality
from breakhis_core.images.quality import CHECKS, DEVIATION, deviations, measure
from breakhis_core.reviews import REASON_CODES

PINK, WHITE, GREEN_INK = (210, 120, 170), (240, 240, 240), (20, 110, 70)


def flat(colour: tuple[int, int, int], height: int = 60, width: int = 80) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def tissue(seed: int = 0) -> np.ndarray:
    """Pink with dark dots."""
    picture = flat(PINK)
    random = np.random.default_rng(seed)
    for row, column in zip(random.integers(0, 55, 40), random.integers(0, 75, 40), strict=True):
        picture[row : row + 4, column : column + 4] = (90, 60, 140)
    return picture


def test_a_blurred_picture_is_less_sharp():
    blurred = np.asarray(Image.fromarray(tissue()).filter(ImageFilter.BoxBlur(3)))
    assert quality.sharpness(blurred) < quality.sharpness(tissue()) - 1.5


def test_few_sharp_edges_are_as_sharp_as_many():
    few = flat(PINK)
    few[30, :] = (90, 60, 140)
    assert quality.sharpness(few) == pytest.approx(quality.sharpness(tissue()), abs=1)


def test_sharpness_of_a_known_edge():
    # One white line on black: beside it the Laplacian is 255, on it 2 x 255, and 3 of 9 rows are not zero.
    picture = flat((0, 0, 0), 11, 11)
    picture[5] = 255
    assert quality.sharpness(picture) == pytest.approx(np.log2(1 + 510))


def test_tiny_picture_has_no_sharpness():
    assert quality.sharpness(flat(PINK, 2, 2)) == 0


def test_tissue_share_counts_what_dims_green():
    half = flat(WHITE)
    half[:30] = PINK
    assert quality.tissue_share(half) == 0.5


def test_saturation_of_half_red():
    half = flat((128, 128, 128))
    half[:, :40] = (255, 0, 0)
    assert quality.saturation(half) == pytest.approx(0.5)


@pytest.mark.parametrize(("colour", "share"), [(GREEN_INK, 1), ((10, 10, 10), 1), (PINK, 0), (WHITE, 0)])
def test_foreign_share_knows_ink_from_dye(colour, share):
    assert quality.foreign_share(flat(colour)) == share


def test_greenish_glass_is_not_ink():
    assert quality.foreign_share(flat((215, 235, 220))) == 0


def test_every_check_has_a_reason_of_the_reviewers():
    assert {check.reason for check in CHECKS} <= set(REASON_CODES)
    assert list(measure(tissue())) == [check.code for check in CHECKS]


def scored(pictures: dict[str, np.ndarray], magnification: int = 40) -> tuple[pd.DataFrame, pd.DataFrame]:
    scores = pd.DataFrame([{"hash": key, **measure(pixels)} for key, pixels in pictures.items()])
    return scores, pd.DataFrame({"hash": list(pictures), "magnification": magnification})


def suspects(scores: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """One row per odd score: hash, reason and how far it lies off, among the images of its magnification."""
    joined = scores.merge(images, on="hash")
    far = deviations(joined, [joined["magnification"]])
    odd = [
        pd.DataFrame({"hash": joined["hash"], "deviation": far[check.code], "reason": check.reason})[
            check.suspect(far[check.code]) > DEVIATION
        ]
        for check in CHECKS
    ]
    return pd.concat(odd)


def test_suspects_are_the_odd_ones_with_their_reason():
    pictures = {f"good{seed}": tissue(seed) for seed in range(20)}
    blurred = Image.fromarray(tissue(3)).filter(ImageFilter.BoxBlur(4))
    inked = tissue(4)
    inked[:, :10] = GREEN_INK
    pictures |= {"blurred": np.asarray(blurred), "empty": flat(WHITE), "inked": inked}
    found = suspects(*scored(pictures))
    assert set(found["hash"]) == {"blurred", "empty", "inked"}
    reasons = found.groupby("hash")["reason"].agg(set)
    assert reasons["blurred"] == {"out_of_focus"}
    assert reasons["inked"] == {"artefact"}
    assert "too_little_tissue" in reasons["empty"]


def test_an_image_is_compared_with_its_own_magnification():
    pink = {f"low{number}": flat(PINK) for number in range(9)}
    white = {f"high{number}": flat(WHITE) for number in range(9)}
    scores_low, images_low = scored(pink, 40)
    scores_high, images_high = scored(white, 400)
    scores, images = pd.concat([scores_low, scores_high]), pd.concat([images_low, images_high])
    assert suspects(scores, images).empty
    lonely = scored({"odd": flat(WHITE)}, 40)
    found = suspects(pd.concat([scores, lonely[0]]), pd.concat([images, lonely[1]]))
    assert set(found["hash"]) == {"odd"}


def test_spoiled_phantoms_stand_out():
    from breakhis_core.phantoms import painting

    # One case each of four sub-types, and every blurred and nearly empty image of 100X.
    plan = [each for each in painting.plan()[:640] if each.magnification == 100]
    chosen = [each for each in plan if each.spoiled in ("out_of_focus", "too_little_tissue")]
    chosen += [each for each in plan if not each.spoiled][::11]
    found = suspects(*scored({each.name: painting.picture(each) for each in chosen}, 100))
    told = set(zip(found["hash"], found["reason"], strict=True))
    for each in chosen:
        assert ((each.name, each.spoiled) in told) == bool(each.spoiled), each
