"""Flags in the COCO format, as FiftyOne, CVAT and pycocotools read it.

COCO knows no statement about a whole picture, so a flag is a box around all of it: its category is the
reason, and who said it, when and why are further keys, which FiftyOne makes attributes of the detection.
File names are relative to the folder of the images, such as the data set's root.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from breakhis_core.images import datasets
from breakhis_core.reviews.terms import REASONS
from breakhis_core.storage import database as db
from breakhis_core.workspace import Workspace

_CATEGORY = {reason.code: number for number, reason in enumerate(REASONS, start=1)}


def export_coco(workspace: Workspace, flags: pd.DataFrame, files: Mapping[str, str] | None = None) -> bytes:
    """Return flags as a COCO file of boxes around whole images.

    Args:
        workspace: whose catalogue says where an image lies and how large it is.
        flags: what ``listing.listed`` returns.
        files: file name of each image; by default its path in the folder of its data set.

    Returns:
        JSON. Images that are not in the catalogue any more have no size and are left out.
    """
    catalogue = datasets.load_images(workspace).drop_duplicates("hash").set_index("hash")
    images: dict[str, dict[str, Any]] = {}
    annotations: list[dict[str, Any]] = []
    flags = flags[flags["hash"].isin(catalogue.index)]
    columns = ("hash", "reason", "correction", "note", "reviewer", "time", "run", "predicted", "confidence")
    for image, reason, correction, note, reviewer, time, run, predicted, confidence in zip(
        *(flags[column].tolist() for column in columns), strict=True
    ):
        about = catalogue.loc[image]
        width, height = int(about["width"]), int(about["height"])
        if image not in images:
            images[image] = {
                "id": len(images) + 1,
                "file_name": about["path"] if files is None else files[image],
                "width": width,
                "height": height,
                "hash": image,
                "subtype": about["subtype"],
                "slide": about["slide"],
                "magnification": int(about["magnification"]),
            }
        said = {"correction": correction, "reviewer": reviewer, "note": note, "time": time, "run": run}
        said["predicted"] = predicted
        annotations.append(
            {
                "id": len(annotations) + 1,
                "image_id": images[image]["id"],
                "category_id": _CATEGORY[reason],
                "bbox": [0, 0, width, height],
                "area": width * height,
                "iscrowd": 0,
                # A reader's own "score" and "confidence" are those of the flag; this is the prediction's.
                **{key: value for key, value in said.items() if not pd.isna(value) and value != ""},
                **({} if pd.isna(confidence) else {"predicted_confidence": confidence}),
            }
        )
    categories = [
        {"id": _CATEGORY[reason.code], "name": reason.code, "supercategory": "flag", "label": reason.label}
        for reason in REASONS
    ]
    info = {
        "description": "Images that reviewers flagged; every box is a whole image.",
        "date_created": db.now(),
    }
    content = {"info": info, "licenses": [], "categories": categories}
    content |= {"images": list(images.values()), "annotations": annotations}
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
