"""The page of a bundle: the facts, stills and clips for a person with a browser and nothing else, and the check of it.

One file that refers to nothing but the exhibits beside it: its script (evidence/bundle_page.js), which checks the
bundle it is given, is written into it, and its content policy lets no other script and no network in. It is made from
the manifest alone.
"""

import hashlib
import json
import re
import tomllib
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evidence import bundle_files, contents, fence_terms
from evidence import container_reading as container
from evidence.container import MOST_FILES as MOST_CONTAINER_FILES
from evidence.proof_checks import CLOCK_TOLERANCE
from evidence.sufficiency import Finding, say, words

HERE = Path(__file__).parent


@cache
def _words() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((HERE / "bundle_page_words.toml").read_text("utf-8"))


def render(manifest: Mapping[str, Any]) -> bytes:
    zone = ZoneInfo(manifest["camera"]["timezone"])

    def local(instant: str) -> str:
        return datetime.fromisoformat(instant).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]

    style, script = _text("bundle_page.css"), _text("bundle_page.js")
    pages = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    html = pages.get_template("bundle_page.html").render(
        m=manifest,
        local=local,
        facts=[_words()["facts"][name] | {"value": value} for name, value in _facts(manifest, local).items()],
        findings=[_finding(finding) for finding in manifest["sufficiency"]],
        style=Markup(style),  # noqa: S704 - ours, and closed by the policy's digests
        script=Markup(script),  # noqa: S704
        constants=_constants(manifest["incident"]["id"]),
        policy=_policy(style, script),
        **{name: table for name, table in _words().items() if name not in ("facts", "check")},
    )
    return html.encode()


@cache
def _text(name: str) -> str:
    return (HERE / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing runs but this script; pictures and clips come from beside the page or from the bundle it was given."""
    beside = "'self' file: blob:"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            f"img-src {beside}",
            f"media-src {beside}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _digest(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _constants(incident: str) -> Markup:
    """What the script shares with the Python that it agrees with, so that each is said in one place."""
    shared = {name: getattr(bundle_files, name) for name in dir(bundle_files) if re.fullmatch(r"[A-Z][A-Z0-9_]*", name)}
    shared |= {
        "MOST_CONTAINER_FILES": MOST_CONTAINER_FILES,
        "MOST_FILES": contents.MOST_FILES,
        "LARGEST_TEXT": contents.LARGEST_TEXT_BYTES,
        "LARGEST_DIRECTORY": container.LARGEST_DIRECTORY_BYTES,
        "MOST_GROWTH": container.MOST_GROWTH,
        "FEW_PARTS": container.FEW_PARTS,
        "FENCE_FACT": fence_terms.FACT,
        "FENCE_TERMS": fence_terms.NAMES,
        "CLOCK_TOLERANCE_S": CLOCK_TOLERANCE.total_seconds(),
        "incident": incident,
        "words": _words()["check"],
    }
    return Markup(json.dumps(shared, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c"))  # noqa: S704


def _facts(m: Mapping[str, Any], local: Any) -> dict[str, str]:
    """What each row of the first table says, in its order."""
    incident, camera, geofence, values = m["incident"], m["camera"], m["geofence"], _words()["values"]

    def both(word: Mapping[str, str]) -> str:
        return f"{word['zh']} / {word['en']}"

    def when(instant: str | None, otherwise: str = "—") -> str:
        return otherwise if instant is None else f"{local(instant)} ({camera['timezone']}) = {instant}"

    recording, draft = m["recording"], m["draft"]
    seen = m["seen_with"] or m["analysis"] or {}
    model = seen.get("model") or {}
    made_with = [seen.get("software"), model.get("name"), model.get("digest")]
    error_s = camera["clock_error_s"]
    clock = [
        f"{camera['clock_offset_s']:.3f}",
        both(values["not_established"]) if error_s is None else f"± {error_s:.3f}",
        (seen.get("clock") or {}).get("measure"),
    ]
    return {
        "incident": incident["id"],
        "state": both(_words()["states"][incident["state"]]),
        "plate": incident["plate"] or both(values["not_established"]),
        "first_seen": when(incident["first_seen_at"]),
        "stopped": when(incident["stopped_at"], both(values["already_stood"])),
        "confirmed": when(incident["confirmed_at"]),
        "grace_ends": when(incident["grace_ends_at"]),
        "last_seen": when(incident["last_seen_at"]),
        "left": when(incident["left_at"]),
        "camera": " · ".join(part for part in (camera["id"], camera["name"], camera["device_number"]) if part),
        "place": "—" if camera["lat"] is None else f"{camera['lat']}, {camera['lon']}",
        "clock": " · ".join(part for part in clock if part),
        "geofence": f"{geofence['id']} v{geofence['version']} · {geofence['name']}",
        "recording": f"{recording['file']} · sha256:{recording['sha256']}" if recording else "—",
        "stream": f"{seen['codec']} {seen['width']} × {seen['height']} · {seen['fps']:g} Hz"
        if seen.get("codec")
        else "—",
        "look": f"{seen['look_s']:g} s" if seen.get("look_s") else "—",
        "model": " · ".join(str(part) for part in made_with if part) or "—",
        "draft": f"{draft['file']} · v{draft['version']}" if draft else "—",
        "made": when(m["made_at"]),
    }


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    value = Finding(finding["code"], ok=finding["ok"], detail=finding["detail"])
    return {
        "ok": value.ok,
        "zh": f"{words('zh')[value.code].title}：{say(value, 'zh')}",
        "en": f"{words('en')[value.code].title}: {say(value, 'en')}",
        "source": words("zh")[value.code].source,
    }
