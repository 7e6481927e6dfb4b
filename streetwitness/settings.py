"""Settings: what is read from the environment at start, checked once, and never changed after.

Every key is STREETWITNESS_<NAME>; one that is not known is a spelling mistake and stops the start. Passwords inside
URLs print as ***. Where files lie below the data folder is said here and nowhere else.
"""

import difflib
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from cryptography.x509 import Certificate, load_pem_x509_certificates
from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from cases.map_datum import MapDatum
from cases.newest_pictures import PictureFolders
from ingest.camera_address import PRIVATE_NETWORKS, Networks
from models.database import sqlite_url
from review_ui.issuer import Issuer, is_safe
from streetwitness.errors import SettingsRefused
from streetwitness.message_settings import MessageSettings

PREFIX = "STREETWITNESS_"
RING_BEFORE_AND_AFTER_S = 15.0  # the seconds before a stop, and until it has lasted long enough to be looked into
HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")  # goes into a header as it is
REPOSITORY = Path(__file__).resolve().parents[1]


MOST_WEB_PROCESSES = 4  # by themselves: what one serves in a second is enough for hundreds of people


def cores() -> int:
    return len(os.sched_getaffinity(0))


def web_processes_on(there: int, *, shares_port: bool) -> int:
    """How many serve the desk on so many cores; more than one need a port that several can listen on."""
    return max(min(there, MOST_WEB_PROCESSES), 1) if shares_port else 1


def usual_web_processes() -> int:
    return web_processes_on(cores(), shares_port=hasattr(socket, "SO_REUSEPORT"))


@dataclass(frozen=True)
class DataDir:
    """The layout of the data folder. One folder holds one site's database, evidence and keys."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "streetwitness.db"

    @property
    def vault(self) -> Path:
        return self.root / "vault"

    @property
    def personal_data_key(self) -> Path:
        return self.root / "keys" / "personal_data.key"

    @property
    def signing_key(self) -> Path:
        return self.root / "keys" / "signing.pem"

    @property
    def drafts(self) -> Path:
        return self.root / "drafts"

    @property
    def papers(self) -> Path:
        """The bureau's own: bureau.toml, templates/*.docx."""
        return self.root / "papers"

    @property
    def casework(self) -> Path:
        """The bureau's own: chains.toml."""
        return self.root / "casework"

    @property
    def redis(self) -> Path:
        return self.root / "redis"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def announcements(self) -> Path:
        """What the loudspeakers of driver `file` say."""
        return self.root / "announcements"

    @property
    def demo_users(self) -> Path:
        return self.root / "demo-users.txt"

    @property
    def demo_footage(self) -> Path:
        return self.root / "demo_footage"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    @property
    def pictures(self) -> PictureFolders:
        """The newest of each camera and those of fences: no evidence."""
        return PictureFolders(self.root / "pictures")

    def make(self) -> None:
        """The folder, for its owner alone: it will hold people's names, numbers and pictures."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.drafts, self.locks):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            raise SettingsRefused(
                f"{self.root}: cannot be the data folder ({error.strerror}); choose another with --data"
            ) from error


class Settings(MessageSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    data_dir: Path = Field(default_factory=lambda: user_data_path("streetwitness"))
    database_url: SecretStr | None = None  # None: SQLite in the data folder
    redis_url: SecretStr | None = None  # None: the embedded Redis, started by the program itself
    weights: str | None = None  # a folder, a .pt file, or a name
    footage: Path | None = None  # recordings for the demo and for tests
    look_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    # of a live camera while nothing dwells or stirs there; None: look_s always
    idle_look_s: Annotated[float, Field(gt=0, le=15)] | None = None
    watchers: Annotated[int, Field(ge=1, le=256)] = Field(default_factory=lambda: max(cores() // 4, 1))
    ring_s: Annotated[float, Field(ge=10, le=600)] = 30.0  # of packets kept of each camera, for looking back
    ring_mb: Annotated[int, Field(ge=4)] = 40  # of each camera at most
    ring_total_mb: Annotated[int, Field(ge=64)] = 4000  # of all cameras of this machine
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=1, le=65535)] = 8600
    # that serve the desk; one keeps about one core busy
    web_processes: Annotated[int, Field(ge=1, le=64)] = Field(default_factory=usual_web_processes)
    api_token_per_minute: Annotated[int, Field(ge=1)] = 300  # requests to the API of one token
    api_user_per_minute: Annotated[int, Field(ge=1)] = 600  # of all tokens of one user
    public_hosts: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "localhost")
    secure_cookies: bool = False
    oidc_issuer: str | None = None  # whose sign-in is believed beside the password, exactly as its tokens name it
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None  # None: a public client, PKCE alone
    oidc_name: Annotated[str, Field(max_length=60)] = "SSO"  # on the button
    map_tiles: str | None = None  # https://tiles.example/{z}/{x}/{y}.png; None: the map has no ground
    map_datum: MapDatum = MapDatum.WGS84  # in which these are drawn; Chinese ones: gcj02
    map_attribution: str = ""  # whose they are, as their licence asks
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None  # None: /metrics answers nobody
    camera_networks: Annotated[tuple[str, ...], NoDecode] = PRIVATE_NETWORKS  # where cameras may be dialled
    timestamp_url: SecretStr | None = None  # an RFC 3161 authority; None: nobody outside dates what is sealed
    timestamp_roots: Path | None = None  # PEM: the authority's certificates, by which its tokens are checked
    publish_heads_to: SecretStr | None = None  # a file, a folder/, an http(s) URL or mailto:name@host
    head_every_s: Annotated[float, Field(ge=10, le=86400)] = 3600.0
    content_credentials: Path | None = None  # a folder with chain.pem and key.pem; None: exports carry none
    sm3: bool = False  # SM3 beside SHA-256 in the statement of every seal

    store_url: str | None = None  # of sealed objects, beside the vault: s3://bucket/prefix?endpoint=… (docs/stores.md)
    store_access_key: SecretStr | None = None  # None: as AWS programs find theirs
    store_secret_key: SecretStr | None = None
    store_key_file: Path | None = None  # what copies are encrypted with; None: they are plain
    store_keep_local_days: Annotated[float, Field(ge=0)] | None = None  # None: the vault keeps everything

    upload_max_mb: Annotated[int, Field(ge=1)] = 64_000  # of one file that is handed in
    upload_daily_mb: Annotated[int, Field(ge=1)] = 500_000  # of one user within 24 hours
    upload_url: str | None = None  # where `streetwitness upload` sends to; None: the desk on this machine
    upload_token: SecretStr | None = None  # what it shows there
    inbox: Path | None = None  # the folder a collection station writes into; None: none is watched
    inbox_user: str | None = None  # in whose name it is taken in
    inbox_steady_s: Annotated[float, Field(ge=1, le=3600)] = 10.0  # unchanged for so long, a file is whole
    inbox_taken: Path | None = None  # where what was taken is moved to, on the same disk; None: it stays
    workers: Annotated[int, Field(ge=1, le=64)] = Field(default_factory=lambda: max(cores() // 2, 1))  # at once

    @field_validator(
        "data_dir", "footage", "content_credentials", "timestamp_roots", "store_key_file", "inbox", "inbox_taken"
    )
    @classmethod
    def whole_path(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @field_validator("map_tiles")
    @classmethod
    def tiles_by_address(cls, template: str | None) -> str | None:
        """Raises ValueError for what is no address of tiles, or whose host is not one and the same for all."""
        if template is None:
            return None
        parts = urlsplit(template)
        if parts.scheme not in ("http", "https") or not HOST.fullmatch(parts.netloc):
            raise ValueError("write the address of the tiles as https://tiles.example/{z}/{x}/{y}.png")
        if any(place not in parts.path + parts.query for place in ("{z}", "{x}", "{y}")):
            raise ValueError("the address of the tiles names {z}, {x} and {y}")
        return template

    @field_validator("public_hosts", "camera_networks", mode="before")
    @classmethod
    def listed(cls, value: Any) -> Any:
        """`desk.example,localhost` as two names."""
        return tuple(each.strip() for each in value.split(",") if each.strip()) if isinstance(value, str) else value

    @field_validator("camera_networks")
    @classmethod
    def networks(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Raises ValueError for what is no network such as 10.0.0.0/8."""
        Networks.of(texts)
        return texts

    @model_validator(mode="after")
    def idle_looks_are_rarer_and_the_ring_holds_what_lies_between(self) -> Self:
        """Raises ValueError where looking back could not reach the stop of what an idle look finds."""
        if self.idle_look_s is None:
            return self
        if self.idle_look_s < self.look_s:
            raise ValueError("IDLE_LOOK_S is the longer of the two: make it at least LOOK_S, or leave it out")
        if self.ring_s < self.idle_look_s + RING_BEFORE_AND_AFTER_S:
            raise ValueError(
                f"RING_S has to be {RING_BEFORE_AND_AFTER_S:g} s more than IDLE_LOOK_S, so that the stop is still in it"
            )
        return self

    @model_validator(mode="after")
    def issuer_is_whole(self) -> Self:
        """Raises ValueError for an issuer that could not be asked safely, or would not know us."""
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError("OIDC_ISSUER and OIDC_CLIENT_ID (as the issuer knows this site) need each other")
        if self.oidc_issuer is not None and not is_safe(self.oidc_issuer):
            raise ValueError("OIDC_ISSUER has to be an https:// address")
        return self

    @property
    def issuer(self) -> Issuer | None:
        if self.oidc_issuer is None or self.oidc_client_id is None:
            return None
        secret = self.oidc_client_secret.get_secret_value() if self.oidc_client_secret else None
        return Issuer(self.oidc_issuer, self.oidc_client_id, self.oidc_name, secret)

    @model_validator(mode="after")
    def inbox_is_whole(self) -> Self:
        """Raises ValueError for a watched folder in nobody's name, or one that would take in what it moves away."""
        if self.inbox is not None and not self.inbox_user:
            raise ValueError("INBOX needs INBOX_USER: the user in whose name the watched folder is taken in")
        if self.inbox_taken is not None and (self.inbox is None or self.inbox_taken.is_relative_to(self.inbox)):
            raise ValueError("INBOX_TAKEN is a folder outside of INBOX, on the same disk")
        return self

    @model_validator(mode="after")
    def authority_is_whole(self) -> Self:
        """Raises ValueError for an authority whose tokens could not be checked."""
        if (self.timestamp_url is None) != (self.timestamp_roots is None):
            raise ValueError("TIMESTAMP_URL and TIMESTAMP_ROOTS (the authority's certificates, PEM) need each other")
        return self

    @property
    def timestamp_authorities(self) -> list[Certificate]:
        """The certificates that tokens must lead back to; none where no authority is named. Raises SettingsRefused."""
        if self.timestamp_roots is None:
            return []
        try:
            return load_pem_x509_certificates(self.timestamp_roots.read_bytes())
        except (OSError, ValueError) as error:
            raise SettingsRefused(
                f"{PREFIX}TIMESTAMP_ROOTS: {self.timestamp_roots} cannot be read as certificates in PEM ({error})"
            ) from error

    @property
    def heads_shown(self) -> str:
        """Where heads are published, as rows may say it: of a URL what is before its path."""
        to = self.publish_heads_to.get_secret_value() if self.publish_heads_to else ""
        scheme, separator, rest = to.partition("://")
        return f"{scheme}://{re.split('[/?#]', rest)[0].rpartition('@')[2]}" if separator else to

    @property
    def data(self) -> DataDir:
        return DataDir(self.data_dir)

    @property
    def dialled(self) -> Networks:
        """The networks in which cameras may be dialled."""
        return Networks.of(self.camera_networks)

    @property
    def database(self) -> str:
        """The URL with its password; for opening, never for printing."""
        return self.database_url.get_secret_value() if self.database_url else sqlite_url(self.data.database)


def load_settings(environment: Mapping[str, str] = os.environ, **given: Any) -> Settings:
    """From the environment, with what the command line gave on top. Raises SettingsRefused."""
    known = sorted(name.upper() for name in Settings.model_fields)
    for name in sorted(environment):
        own = name.upper().removeprefix(PREFIX)
        if own != name.upper() and own not in known:
            near = difflib.get_close_matches(own, known, n=1)
            hint = (
                f"did you mean {PREFIX}{near[0]}?"
                if near
                else f"known are {', '.join(PREFIX + each for each in known)}"
            )
            raise SettingsRefused(f"{name} is not a setting; {hint}")
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        named = "_".join(str(part) for part in first["loc"])
        name = f"{PREFIX}{named}".upper() if named else "the settings do not fit together"
        raise SettingsRefused(f"{name}: {first['msg'].removeprefix('Input ')}; correct it or unset it") from error


def beside_the_repository(name: str) -> Path | None:
    """`../shared/<name>` of a source checkout: where development keeps footage and weights. None elsewhere."""
    folder = REPOSITORY.parent / "shared" / name
    return folder if (REPOSITORY / "pyproject.toml").is_file() and folder.is_dir() else None
