"""What the review desk needs to know; built once where the program starts, and handed in."""

from dataclasses import dataclass, field
from pathlib import Path

from cases.languages import LANGUAGES, Language
from models.database import Sessions


@dataclass(frozen=True)
class ReviewSettings:
    """languages: the first is what a browser gets that asks for none of them.

    public_hosts: names under which the desk may be reached; a request for any other is refused.
    secure_cookies: only where every visitor comes by HTTPS.
    metrics_token: what a scraper of /metrics brings; None: there is no such page.
    """

    sessions: Sessions
    vault_root: Path
    drafts_dir: Path
    languages: tuple[Language, ...] = LANGUAGES
    public_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    secure_cookies: bool = False
    metrics_token: str | None = field(default=None, repr=False)
