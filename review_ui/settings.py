"""What the review desk needs to know; built once where the program starts, and handed in."""

from dataclasses import dataclass, field
from pathlib import Path

from cases.casework.chains import PATH as CHAINS
from cases.credit_notes import Effect
from cases.languages import LANGUAGES, Language
from cases.map_datum import MapDatum
from cases.newest_pictures import PictureFolders
from cases.records.stock import Stock, read_stock
from cases.service.cashier import Cashier
from cases.uploads import UploadRules
from cases.volume.order import Order, read_order
from cases.volume.score_sheet import ScoreSheet, read_sheet
from evidence.at_hand import AtHand
from evidence.bundle import Signing
from evidence.content_credentials import ContentCredentials
from models.database import Sessions
from models.personal_data import PersonalDataKey
from notify.gateway_http import GatewayNetworks
from review_ui.issuer import Issuer


@dataclass(frozen=True)
class Webhooks:
    """What providers of messages are believed by. public_url: as they call this site, without a slash at its end."""

    public_url: str
    key: PersonalDataKey
    twilio_account_sid: str | None = None
    twilio_auth_token: str | None = field(default=None, repr=False)
    aliyun_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ApiLimits:
    """Requests to the API within a minute: of one token, and of all tokens of one user together."""

    of_token: int = 300
    of_user: int = 600


@dataclass(frozen=True)
class MapTiles:
    """template: a URL with {z}, {x} and {y}. datum: in which the tiles are drawn. attribution: whose they are."""

    template: str
    datum: MapDatum = MapDatum.WGS84
    attribution: str = ""


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
    pictures: the newest of each camera, and those of fences; None: pages show none.
    papers_dir: the site's own templates of papers and what the bureau is called; None: ours, with blanks.
    chains: who has to agree to a step of a case file, and in which order.
    map_tiles: what the map is drawn on; None: on nothing.
    signing: what exported bundles are signed with; None: they say that nobody signed them.
    issuer: whose word is taken for who somebody is, beside the password; None: nobody's.
    public_url: where the internet reaches this site, without a slash at its end; None: as the browser calls it.
    archive_order: by which volumes are bound. score_sheet: by which archived case files are reviewed.
    record_questions: what is usually asked, to pick from while a record is taken down.
    credit_effects: what credit notes lead to on this site; nothing, unless its settings say so.
    gateway_networks: where, besides the internet, webhooks may lead.
    cashier: who collects fines; None: payments are entered by hand.
    api_limits: how often programs may ask. redis_url: where that is counted for all processes; None: each by itself.
    processes: how many of them serve this desk on one machine.
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
    pictures: PictureFolders | None = None
    papers_dir: Path | None = None
    chains: Path = CHAINS
    archive_order: Order = field(default_factory=read_order)
    score_sheet: ScoreSheet = field(default_factory=read_sheet)
    record_questions: Stock = field(default_factory=read_stock)
    map_tiles: MapTiles | None = None
    upload_rules: UploadRules = field(default_factory=UploadRules)
    issuer: Issuer | None = None
    public_url: str | None = None
    credit_effects: tuple[Effect, ...] = ()
    gateway_networks: GatewayNetworks = field(default_factory=GatewayNetworks)
    cashier: Cashier | None = None
    api_limits: ApiLimits = field(default_factory=ApiLimits)
    redis_url: str | None = field(default=None, repr=False)
    processes: int = 1

    @property
    def bytes(self) -> AtHand:
        """Where sealed bytes are to be had."""
        return self.at_hand or AtHand(self.vault_root)
