"""The page of a bundle: the facts, stills and clips for a person with a browser and nothing else.

Static: relative links, no script, no network. It is made from the manifest alone and proves nothing by itself.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evidence.sufficiency import Finding, say, words

HERE = Path(__file__).parent


@cache
def _words() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((HERE / "bundle_page_words.toml").read_text("utf-8"))


def render(manifest: Mapping[str, Any]) -> bytes:
    zone = ZoneInfo(manifest["camera"]["timezone"])

    def local(instant: str) -> str:
        return datetime.fromisoformat(instant).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]

    pages = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    html = pages.get_template("bundle_page.html").render(
        m=manifest,
        local=local,
        facts=[_words()["facts"][name] | {"value": value} for name, value in _facts(manifest, local).items()],
        findings=[_finding(finding) for finding in manifest["sufficiency"]],
        **{name: table for name, table in _words().items() if name != "facts"},
    )
    return html.encode()


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
