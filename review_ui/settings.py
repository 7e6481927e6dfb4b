"""What the review desk needs to know; built once where the program starts, and handed in."""

from dataclasses import dataclass, field
from pathlib import Path

from cases.languages import LANGUAGES, Language
from cases.uploads import UploadRules
from evidence.at_hand import AtHand
from evidence.bundle import Signing
from evidence.content_credentials import ContentCredentials
from models.database import Sessions
from models.personal_data import PersonalDataKey


@dataclass(frozen=True)
class Webhooks:
    """What providers of messages are believed by. public_url: as they call this site, without a slash at its end."""

    public_url: str
    key: PersonalDataKey
    twilio_account_sid: str | None = None
    twilio_auth_token: str | None = field(default=None, repr=False)
    aliyun_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ReviewSettings:
    """languages: the first is what a browser gets that asks for none of them.

    public_hosts: names under which the desk may be reached; a request for any other is refused.
    secure_cookies: only where every visitor comes by HTTPS.
    at_hand: what brings sealed bytes back from a store; None: they are in the vault or missing.
    credentials: what signs derivatives that leave the house; None: they leave without Content Credentials.
    metrics_token: what a scraper of /metrics brings; None: there is no such page.
    webhooks: None: no provider sends anything back.
    personal_data_key: what statements of owners are sealed with; None: nobody can make one here.
    uploads_dir: where files that are handed in lie until they are whole; None: nobody hands in any here.
    signing: what exported bundles are signed with; None: they say that nobody signed them.
    """

    sessions: Sessions
    vault_root: Path
    drafts_dir: Path
    languages: tuple[Language, ...] = LANGUAGES
    public_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    secure_cookies: bool = False
    at_hand: AtHand | None = None
    credentials: ContentCredentials | None = None
    metrics_token: str | None = field(default=None, repr=False)
    webhooks: Webhooks | None = None
    personal_data_key: PersonalDataKey | None = None
    signing: Signing | None = None
    uploads_dir: Path | None = None
    upload_rules: UploadRules = field(default_factory=UploadRules)

    @property
    def bytes(self) -> AtHand:
        """Where sealed bytes are to be had."""
        return self.at_hand or AtHand(self.vault_root)
