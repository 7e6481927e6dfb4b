"""`streetwitness plate`: reads number plates on pictures, outside any site."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from streetwitness.answers import JsonOption, answers
from streetwitness.errors import Misuse

EXAMPLES = (
    "Examples:\n\nstreetwitness plate gate.jpg\n\nstreetwitness plate *.jpg --json\n\n"
    "streetwitness plate --country cn gate.jpg"
)


@answers
def plate_command(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures.", show_default=False)],
    country: Annotated[
        list[str] | None,
        typer.Option("--country", help="Whose plates are expected, the first first; default: cn, then other."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Reads the number plates on pictures: of each the most prominent, and how sure it is."""
    pictures = list(_pictures(images))
    for path, picture in pictures:
        line = {"file": str(path), **_read(picture, tuple(country or ("cn", "other")))}
        typer.echo(json.dumps(line, ensure_ascii=False) if as_json else _sentence(line))


def _pictures(paths: list[Path]) -> Iterator[tuple[Path, Any]]:
    """Every picture is there before the first is read. Raises Misuse."""
    import cv2
    import numpy as np

    for path in paths:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if picture is None:
            raise Misuse(f"{path} is not a picture that can be read; give JPEG or PNG")
        yield path, picture


def _read(picture: Any, countries: tuple[str, ...]) -> dict[str, Any]:
    from detectors.plates.plate_reading import read_plates
    from evidence.sufficiency import PLATE_CONFIDENCE

    readings = read_plates(picture, countries)
    if not readings:
        return {"plate": None, "confidence": None, "box": None}
    first = readings[0]
    return {
        "plate": first.text,
        "confidence": first.confidence,
        "box": first.box.as_list(),
        "kind": first.kind.code,
        "colour": first.colour,
        "to_confirm": first.confidence < PLATE_CONFIDENCE,
        "also": [
            {"plate": each.text, "confidence": each.confidence, "box": each.box.as_list()} for each in readings[1:]
        ],
    }


def _sentence(line: dict[str, Any]) -> str:
    if line["plate"] is None:
        return f"{line['file']}: no plate"
    doubt = ", to be confirmed by a person" if line["to_confirm"] else ""
    also = f"; also {', '.join(each['plate'] for each in line['also'])}" if line["also"] else ""
    return f"{line['file']}: {line['plate']} ({line['confidence']:.2f}{doubt}){also}"
