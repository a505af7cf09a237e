"""``classify FILE... --run RUN``: sub-type, side and probabilities of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakhis_core.command_line.answer import AsJson, answering, table
from breakhis_core.command_line.evaluate import named_run

if TYPE_CHECKING:
    from breakhis_core.runs.predictor import Predictor


def classify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="PNG, JPEG or TIFF pictures.")],
    run: Annotated[str, typer.Option(metavar="RUN", help="Name of a run under models/, or its folder.")],
    as_json: AsJson = False,
) -> None:
    """Classify pictures with a run. A broken picture gets its sentence and the others go on."""
    with answering(as_json) as answer:
        from breakhis_core.runs.predictor import Predictor

        opened = named_run(run)
        opened.require_model()
        predictor = Predictor.load(opened.path / "predictor.onnx")
        results = [_classified(predictor, file) for file in files]
        answer.bad_input = any("error" in result for result in results)
        rows = [_row(result) for result in results if "error" not in result]
        renderables = [table(None, ["file", "sub-type", "side", "confidence", "malignant"], rows)]
        errors = [result["error"] for result in results if "error" in result]
        tissue = " Trained on synthetic phantoms, not tissue." if opened.phantom else ""
        note = f"Run {opened.name}.{tissue} Research tool, not a medical device."
        answer.give(results, *(renderables if rows else []), *errors, note)


def _classified(predictor: Predictor, file: Path) -> dict[str, Any]:
    """Classify one picture; pictures go one by one so that one memory-hungry file is one file's problem."""
    from breakhis_core.errors import InputError
    from breakhis_core.images.pixels import decode, to_model_input
    from breakhis_core.images.taxonomy import CODES, MALIGNANT, subtype

    try:
        pixels = decode(file)
    except InputError as error:
        return {"file": str(file), "error": str(error)}
    probabilities = predictor.predict(to_model_input(pixels)[None]).probabilities[0]
    best = subtype(CODES[int(probabilities.argmax())])
    return {
        "file": str(file),
        "subtype": best.code,
        "name": best.name,
        "side": best.side,
        "confidence": float(probabilities.max()),
        "malignant": float(probabilities[list(MALIGNANT)].sum()),
        "probabilities": {
            code: float(probability) for code, probability in zip(CODES, probabilities, strict=True)
        },
    }


def _row(result: dict[str, Any]) -> list[str]:
    file, name = Path(result["file"]).name, f"{result['subtype']} {result['name']}"
    return [file, name, result["side"], f"{result['confidence']:.3f}", f"{result['malignant']:.3f}"]
