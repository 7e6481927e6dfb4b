"""What stands in the caption strip below a derivative. Rows in, words out; drawn in ingest/derived_pictures.py.

On the derivative alone, and below the picture: the original is not touched, and nothing of it is covered.
"""

import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from evidence.derivatives.anti_forgery import code_of
from evidence.derivatives.recipe import Caption, Language
from models.exhibits import Exhibit
from models.incidents import Incident

FONT = "uni"  # the one that OpenCV carries inside for Chinese (WenQuanYi Micro Hei): no file is looked for
DIGEST_SHOWN = 16


@cache
def _words(language: Language) -> dict[str, str]:
    words: dict[str, str] = tomllib.loads((Path(__file__).with_name("caption_words.toml")).read_text("utf-8"))[language]
    return words


def caption_of(incident: Incident, exhibit: Exhibit, *, masked: bool, language: Language) -> Caption:
    """incident: with its camera, the camera's site, and its geofence version with the geofence."""
    words, camera, version = _words(language), incident.camera, incident.geofence_version
    code = code_of(exhibit.sha256)
    fields = [words["at"], words["place"].format(camera=camera.name, geofence=version.geofence.name)]
    if camera.lat is not None and camera.lon is not None:
        fields.append(words["position"].format(lat=camera.lat, lon=camera.lon))
    fields += [
        words["device"].format(device=camera.device_number or words["unknown"]),
        words["fence"].format(geofence_id=version.geofence_id, version=version.version),
        words["offence"].format(offence=words[incident.offence.value]),
        words["code"].format(code=code),
        words["derived"].format(
            masked=words["masked" if masked else "not_masked"], digest=exhibit.sha256[:DIGEST_SHOWN]
        ),
    ]
    return Caption(
        fields=tuple(fields),
        began_at=exhibit.from_at,
        timezone=camera.site.timezone,
        fractions=exhibit.from_at == exhibit.to_at,
        code=code,
        font=FONT,
    )


def time_in_strip(caption: Caption, after_s: float) -> str:
    """The local time of the picture `after_s` seconds after the original's first, with its distance to UTC."""
    local = (caption.began_at + timedelta(seconds=after_s)).astimezone(ZoneInfo(caption.timezone))
    offset = local.strftime("%z")
    text = local.strftime("%Y-%m-%d %H:%M:%S")
    if caption.fractions:
        text += f".{local.microsecond // 1000:03d}"
    return f"{text} (UTC{offset[:3]}:{offset[3:]})"
