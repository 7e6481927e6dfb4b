"""Handing in files from where they are: a tus 1.0.0 client that goes on where it was, after whatever broke.

It keeps nothing: the site knows a file by its digest, so the same command again goes on by itself, and a file that is
there already is not sent twice. Every piece carries its checksum.
"""

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from models.digest import sha256_of
from streetwitness.errors import Misuse, NotHandedIn

PIECE_BYTES = 8 * 1024 * 1024
ANSWERS_WITHIN_S = (10.0, 120.0)  # to connect, to answer
PATIENCE_S = 600.0  # without a byte of progress
LONGEST_WAIT_S = 30.0
# what passes by itself: somebody else is at it, too fast, a broken piece, a site that is just starting
PASSING = {408, 423, 429, 460, 500, 502, 503, 504}


@dataclass(frozen=True)
class HandedIn:
    """What the site said of a file: its digest there, and what it is so far."""

    path: Path
    upload: str
    sha256: str
    state: str
    why: str | None


@dataclass
class Sender:
    """For one thread. `sleep` and `clock` are the machine's."""

    url: str
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc would put another name in the token's place
        own = {"authorization": f"Bearer {self.token}", "tus-resumable": "1.0.0", "accept-language": "en"}
        self._session.headers.update(own)

    def close(self) -> None:
        self._session.close()

    def hand_in(self, path: Path, recorder: str | None, on_progress: Callable[[int, int], None]) -> HandedIn:
        """Sends what the site has not got yet. `on_progress(sent, size)`. Raises NotHandedIn."""
        size, sha256 = path.stat().st_size, sha256_of(path)
        location = self._begin(path, size, sha256, recorder)
        with path.open("rb") as file:
            patience = self._patience(path)
            offset = None
            while offset != size:
                if offset is None:
                    answer = self._ask("HEAD", location, patience)
                    offset = None if answer is None else int(answer.headers["upload-offset"])
                else:
                    file.seek(offset)
                    answer = self._send(location, offset, file.read(PIECE_BYTES), patience)
                    if answer is not None:
                        patience = self._patience(path)
                    offset = None if answer is None else int(answer.headers["upload-offset"])
                on_progress(offset or 0, size)
            told = self._told(path, location)
        return HandedIn(path, told["upload"], told["sha256"] or sha256, told["state"], told["why"])

    def _begin(self, path: Path, size: int, sha256: str, recorder: str | None) -> str:
        named = {"filename": path.name, "sha256": sha256} | ({"recorder": recorder} if recorder else {})
        headers = {
            "upload-length": str(size),
            "upload-metadata": ",".join(f"{key} {base64.b64encode(named[key].encode()).decode()}" for key in named),
        }
        patience = self._patience(path)
        while (answer := self._ask("POST", urljoin(self.url, "/uploads"), patience, headers=headers)) is None:
            continue
        return self._on_this_site(path, answer.headers["location"])

    def _on_this_site(self, path: Path, location: str) -> str:
        """The token goes nowhere else, whatever the answer says."""
        there = urljoin(self.url, location)
        if urlsplit(there)[:2] != urlsplit(self.url)[:2]:
            raise NotHandedIn(path, f"the site sends us on to {urlsplit(there).netloc}; give that address, if it is it")
        return there

    def _send(self, location: str, offset: int, piece: bytes, patience: Iterator[str]) -> requests.Response | None:
        headers = {
            "content-type": "application/offset+octet-stream",
            "upload-offset": str(offset),
            "upload-checksum": "sha256 " + base64.b64encode(hashlib.sha256(piece).digest()).decode(),
        }
        return self._ask("PATCH", location, patience, headers=headers, data=piece)

    def _told(self, path: Path, location: str) -> dict[str, Any]:
        patience = self._patience(path)
        while (answer := self._ask("GET", location, patience)) is None:
            continue
        told: dict[str, Any] = answer.json()
        return told

    def _ask(self, verb: str, url: str, patience: Iterator[str], **request: Any) -> requests.Response | None:
        """The answer, or None where it is worth another try: then it has waited. Raises NotHandedIn."""
        try:
            answer = self._session.request(verb, url, timeout=ANSWERS_WITHIN_S, allow_redirects=False, **request)
        except requests.RequestException:
            next(patience)
            return None
        if answer.ok and not answer.is_redirect:
            return answer
        # another offset than we thought: asked for and gone on from
        if answer.status_code in PASSING or (verb == "PATCH" and answer.status_code == 409):
            next(patience)
            return None
        is_sentence = answer.headers.get("content-type", "").startswith("text/plain")
        said = answer.text.strip() if is_sentence else ""
        raise NotHandedIn(urlsplit(url).netloc, said or _said_by_status(answer.status_code))

    def _patience(self, path: Path) -> Iterator[str]:
        """Waits longer each time; raises NotHandedIn when it is over."""
        until, wait_s = self.clock() + self.patience_s, 0.2
        while self.clock() < until:
            self.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
            yield "waited"
        raise NotHandedIn(path, f"{self.url} did not take it for {self.patience_s:g} s; give the same command again")


def _said_by_status(status: int) -> str:
    if status == 401:
        return "the token is not known, or it is over; get one with `streetwitness user token`"
    return f"the site answered with status {status}; is it a StreetWitness that takes uploads?"


def checked_url(text: str, *, plain_http: bool) -> str:
    """Where to send to. Raises Misuse for what is no address, or one where the token would be read on the way."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misuse(f"{text}: not the address of a site; write it as https://desk.example")
    if parts.scheme == "http" and not plain_http and not _is_this_machine(parts.hostname):
        raise Misuse(f"{text}: the token would be readable on the way; use https, or say --plain-http if that is known")
    return f"{parts.scheme}://{parts.netloc}"


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
