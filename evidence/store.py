"""The store beside the vault: whole objects under their digests, written once, wherever a URL leads.

    s3://bucket/prefix?endpoint=https://s3.example&region=cn-east-1     any S3-like store
    gs://bucket/prefix   az://container/prefix   file:///mnt/archive    what else the library knows

A put carries `If-None-Match: *` and the SHA-256 of what is sent, so that the store itself refuses to write over
anything and to take what was damaged on the way; the latter is also what S3 asks for in a bucket with object lock. How
long an object is locked is the bucket's own rule (its default retention): it is read back and goes on record. What is
copied when, and what a copy is worth, is evidence/copies.py.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

import obstore
import requests
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, ObjectStore, S3Store, from_url

from evidence.digest import is_sha256
from evidence.errors import NotInStore, StoreNotWriteOnce, StoreRefused, StoreUnreachable

if TYPE_CHECKING:
    from obstore import Attributes  # exists for type checkers alone

ANSWER_WITHIN_S, CONNECT_WITHIN_S = 60.0, 5.0
TRIES = 2  # of one request; what fails then is tried again by whoever works off the rows
PROBE = "write-once"  # an object that stays: that it can be made once and not twice is what is asked
URL_OPTIONS = {"endpoint", "region", "virtual_hosted_style_request"}
SIGNED_FOR = timedelta(minutes=1)


@dataclass(frozen=True)
class StoreAddress:
    """url as in this file's docstring. access_key and secret_key: None: as AWS programs find them (AWS_… , the role
    of the machine).
    """

    url: str
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Stored:
    """What the store says of an object. version: where it keeps several. locked_until: where it locks."""

    size_bytes: int
    etag: str | None
    version: str | None
    locked_until: datetime | None


@dataclass(frozen=True)
class Store:
    """name: its URL, without what opens it; rows know the store by it."""

    name: str
    _inside: ObjectStore = field(repr=False)

    @classmethod
    def open(cls, address: StoreAddress) -> Self:
        """Raises StoreRefused for an address that cannot be; nothing is asked over the network yet."""
        parts = urlsplit(address.url)
        name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
        options: dict[str, Any] = dict(parse_qsl(parts.query))
        unknown = sorted(options.keys() - URL_OPTIONS)
        if unknown:
            raise StoreRefused(name, f"{unknown[0]!r} is no option of a store's URL")
        if parts.username or parts.password:
            raise StoreRefused(name, "keys have no place in the URL, they have settings of their own")
        options |= _how_to_connect(parts.scheme, str(options.get("endpoint", "")), address)
        try:
            return cls(name, from_url(name, **options))
        except (BaseError, ValueError, TypeError) as error:
            raise StoreRefused(name, f"no store can be opened by this URL ({_first_line(error)})") from error

    @property
    def _is_folder(self) -> bool:
        return isinstance(self._inside, LocalStore)

    @staticmethod
    def key_of(sha256: str, suffix: str) -> str:
        """The name of an object in a store; as in the vault, so that a folder of it can be put back by hand."""
        if not is_sha256(sha256) or "/" in suffix:
            raise ValueError(f"{sha256 + suffix!r} names no object")
        return f"objects/{sha256[:2]}/{sha256[2:]}{suffix}"

    def put_new(self, key: str, data: bytes, media_type: str) -> bool:
        """Whole or not at all, and only where there is nothing under this name yet; False: there is something."""
        with self._our_errors(key):
            try:
                # a folder knows no media types, and refuses them
                attributes: Attributes | None = None if self._is_folder else {"Content-Type": media_type}
                obstore.put(self._inside, key, data, mode="create", attributes=attributes)
            except AlreadyExistsError:
                return False
        return True

    def read(self, key: str) -> bytes:
        """All of it. Raises NotInStore, StoreUnreachable, StoreRefused."""
        with self._our_errors(key):
            return bytes(obstore.get(self._inside, key).bytes())

    def look(self, key: str) -> Stored:
        """Raises NotInStore, StoreUnreachable, StoreRefused."""
        with self._our_errors(key):
            meta = obstore.head(self._inside, key)
        headers = self._headers(key)
        return Stored(
            size_bytes=meta["size"],
            etag=meta["e_tag"],
            version=meta["version"] or headers.get("x-amz-version-id"),
            locked_until=locked_until(self.name, headers),
        )

    def remove(self, key: str) -> None:
        """What is not there is removed. A store with versions or locks may keep the bytes for as long as it says."""
        with self._our_errors(key):
            try:
                obstore.delete(self._inside, key)
            except FileNotFoundError:
                return

    def prove_write_once(self) -> None:
        """Raises StoreNotWriteOnce where the store lets something be written over, and what else is wrong with it."""
        self.put_new(PROBE, b"this can be written once", "text/plain")
        if self.put_new(PROBE, b"and not twice", "text/plain"):
            raise StoreNotWriteOnce(self.name)

    def _headers(self, key: str) -> dict[str, str]:
        """The answer to HEAD as S3 gives it: obstore hands on neither versions of a HEAD nor locks."""
        if not isinstance(self._inside, S3Store):
            return {}
        with self._our_errors(key):
            url = obstore.sign(self._inside, "HEAD", key, SIGNED_FOR)
        try:
            answer = requests.head(url, timeout=(CONNECT_WITHIN_S, ANSWER_WITHIN_S), allow_redirects=False)
        except requests.RequestException as error:
            raise StoreUnreachable(self.name, type(error).__name__) from error
        if not answer.ok:
            raise StoreUnreachable(self.name, f"HTTP status {answer.status_code}")
        return {name.lower(): value for name, value in answer.headers.items()}

    @contextmanager
    def _our_errors(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            # a bucket that is not there is told like an object that is not there; only the text says which
            if "NoSuchBucket" in str(error):
                raise StoreRefused(self.name, "there is no such bucket") from error
            raise NotInStore(self.name, key) from error
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise StoreRefused(self.name, f"it does not let us in ({_first_line(error)})") from error
        except (BaseError, OSError, ValueError) as error:
            raise StoreUnreachable(self.name, _first_line(error)) from error


def locked_until(store: str, headers: Mapping[str, str]) -> datetime | None:
    """Until when the store says that it keeps an object. Raises StoreUnreachable for what is no moment."""
    said = headers.get("x-amz-object-lock-retain-until-date")
    if not said:
        return None
    try:
        until = datetime.fromisoformat(said)
    except ValueError as error:
        raise StoreUnreachable(store, f"it says {said[:60]!a} of until when an object is locked") from error
    return until if until.tzinfo else until.replace(tzinfo=UTC)


def _how_to_connect(scheme: str, endpoint: str, address: StoreAddress) -> dict[str, Any]:
    if scheme == "file":
        return {"mkdir": True}
    how: dict[str, Any] = {
        "client_options": {
            "timeout": timedelta(seconds=ANSWER_WITHIN_S),
            "connect_timeout": timedelta(seconds=CONNECT_WITHIN_S),
            "allow_http": endpoint.startswith("http://"),
        },
        "retry_config": {"max_retries": TRIES, "retry_timeout": timedelta(seconds=ANSWER_WITHIN_S)},
    }
    if scheme == "s3":
        how["checksum_algorithm"] = "sha256"
        if address.access_key:
            how |= {"access_key_id": address.access_key, "secret_access_key": address.secret_key}
    return how


def _first_line(error: Exception) -> str:
    """What was answered, without the library's innards; addresses in it are the store's own."""
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
