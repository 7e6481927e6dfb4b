"""The processes of a site: watcher, worker, web, relay, deadlines, horns, folder, copier, notary.

The supervisor starts each, and each leaves when it is gone.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from importlib.metadata import version

from streetwitness.errors import Misuse, SettingsRefused
from streetwitness.settings import load_settings
from streetwitness.workplace import Workplace, now, opened_workplace

log = logging.getLogger(__name__)

RELAY_LOOKS_EVERY_S = 0.5
COUNT_DAYS = frozenset({"web", "worker", "deadlines"})  # processes that ask when something is due
DEADLINES_EVERY_S = 0.5
MEGABYTE = 1_000_000


def leave_with_parent() -> None:
    """The supervisor holds the other end of our standard input; its end is our end, even after kill -9."""

    def wait_for_the_end() -> None:
        os.read(sys.stdin.fileno(), 1)  # not through the buffer: its lock would be held while Python shuts down
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_the_end, name="leave-with-parent", daemon=True).start()


def run_process(name: str) -> None:
    """Runs the process of that name until SIGTERM. Raises Misuse for a name that is none."""
    doors = {
        "watcher": watch,
        "worker": work,
        "web": serve,
        "relay": deliver,
        "deadlines": escalate,
        "horns": announce,
        "folder": take_from_folder,
        "copier": copy,
        "notary": notarise,
    }
    if name not in doors:
        raise Misuse(f"there is no process {name!r}; there are {', '.join(doors)}")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    for chatty in ("rq", "alembic", "openvino"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    leave_with_parent()
    with opened_workplace(load_settings()) as workplace:
        if name in COUNT_DAYS:
            _use_own_law(workplace)
        doors[name](workplace)


def _use_own_law(workplace: Workplace) -> None:
    """The bureau's own clocks and holidays, where it has written them down. Raises SettingsRefused."""
    from cases.casework.clock_rules import use_rules_of  # noqa: PLC0415
    from cases.errors import LawDataUnusable  # noqa: PLC0415

    try:
        use_rules_of(workplace.data.casework)
    except LawDataUnusable as error:
        raise SettingsRefused(str(error)) from error


def watch(workplace: Workplace) -> None:
    from ingest.equipment import Equipment, OurClock  # noqa: PLC0415 - each process loads only what it needs
    from ingest.look_desk import LookDesk  # noqa: PLC0415
    from ingest.packet_ring import PacketRing, RingBudget  # noqa: PLC0415
    from ingest.sampler import Sampling  # noqa: PLC0415
    from ingest.watcher import Watcher, holder_name  # noqa: PLC0415
    from streetwitness.analysis import detector_on, weights_of  # noqa: PLC0415

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    settings = workplace.settings
    budget = RingBudget(settings.ring_total_mb * MEGABYTE // settings.watchers)
    with LookDesk(detector_on(weights_of(settings))) as desk:
        equipment = Equipment(
            sessions=workplace.sessions,
            vault_root=workplace.data.vault,
            desk=desk,
            networks=settings.dialled,
            clock=OurClock(),
            sampling=Sampling(look_s=settings.look_s, idle_look_s=settings.idle_look_s),
            ring=lambda: PacketRing(settings.ring_s, settings.ring_mb * MEGABYTE, budget),
            sm3=settings.sm3,
            newest_pictures=workplace.data.pictures.newest,
        )
        Watcher(equipment, workplace.key(), holder_name()).run(stop)


def work(workplace: Workplace) -> None:
    from redis import Redis  # noqa: PLC0415
    from rq import Queue, SimpleWorker  # noqa: PLC0415

    from streetwitness.housekeeping import Housekeeper  # noqa: PLC0415
    from streetwitness.jobs import QUEUES, Sweeper  # noqa: PLC0415

    url = workplace.settings.redis_url
    assert url is not None, "the supervisor says where Redis is"
    stop = threading.Event()
    with Redis.from_url(url.get_secret_value()) as redis:
        sweeping = threading.Thread(target=Sweeper(workplace, redis).run, args=(stop,), name="sweeper")
        sweeping.start()
        keeping = threading.Thread(target=Housekeeper(workplace).run, args=(stop,), name="housekeeper")
        keeping.start()
        try:
            # in this process and not in a fork: the network is loaded once, and OpenVINO's threads do not survive one
            queues = [Queue(name, connection=redis) for name in QUEUES]
            SimpleWorker(queues, connection=redis).work(logging_level="WARNING")
        finally:
            stop.set()
            sweeping.join()
            keeping.join()


def serve(workplace: Workplace) -> None:
    import uvicorn  # noqa: PLC0415

    from cases.casework.chains import chains_of  # noqa: PLC0415
    from cases.credit_notes import effects_of  # noqa: PLC0415
    from cases.errors import LawDataUnusable  # noqa: PLC0415
    from cases.records.stock import stock_of  # noqa: PLC0415
    from cases.uploads import UploadRules  # noqa: PLC0415
    from cases.volume.errors import VolumeError  # noqa: PLC0415
    from cases.volume.order import order_of  # noqa: PLC0415
    from cases.volume.score_sheet import sheet_of  # noqa: PLC0415
    from evidence.bundle import Signing  # noqa: PLC0415
    from evidence.content_credentials import ContentCredentials  # noqa: PLC0415
    from evidence.errors import CredentialsUnusable  # noqa: PLC0415
    from notify.gateway_http import GatewayNetworks  # noqa: PLC0415
    from review_ui.app import ReviewSettings, make_app  # noqa: PLC0415
    from review_ui.settings import ApiLimits, MapTiles  # noqa: PLC0415
    from streetwitness.gateways import cashier_of, webhooks_of  # noqa: PLC0415
    from streetwitness.stores import at_hand  # noqa: PLC0415

    settings = workplace.settings
    credentials = None
    if settings.content_credentials is not None:
        try:
            software = ("StreetWitness", version("streetwitness"))
            credentials = ContentCredentials.opened(settings.content_credentials, software)
        except CredentialsUnusable as error:
            raise SettingsRefused(str(error)) from error
    try:
        chains = chains_of(workplace.data.casework)
        credit_effects = effects_of(workplace.data.casework)
        archive_order, score_sheet = order_of(workplace.data.casework), sheet_of(workplace.data.casework)
        record_questions = stock_of(workplace.data.casework)
    except (LawDataUnusable, VolumeError) as error:
        raise SettingsRefused(str(error)) from error
    map_tiles = None
    if settings.map_tiles is not None:
        map_tiles = MapTiles(settings.map_tiles, settings.map_datum, settings.map_attribution)
    app = make_app(
        ReviewSettings(
            sessions=workplace.sessions,
            vault_root=workplace.data.vault,
            drafts_dir=workplace.data.drafts,
            at_hand=at_hand(settings),
            personal_data_key=workplace.key(),
            signing=Signing(workplace.data.signing_key, settings.timestamp_roots),
            public_hosts=settings.public_hosts,
            secure_cookies=settings.secure_cookies,
            credentials=credentials,
            metrics_token=settings.metrics_token.get_secret_value() if settings.metrics_token else None,
            webhooks=webhooks_of(workplace),
            cashier=cashier_of(settings, now),
            api_limits=ApiLimits(settings.api_token_per_minute, settings.api_user_per_minute),
            redis_url=settings.redis_url.get_secret_value() if settings.redis_url else None,
            processes=settings.web_processes,
            issuer=settings.issuer,
            public_url=settings.public_url,
            gateway_networks=GatewayNetworks.of(settings.gateway_networks),
            credit_effects=credit_effects,
            uploads_dir=workplace.data.uploads,
            pictures=workplace.data.pictures,
            papers_dir=workplace.data.papers,
            chains=chains,
            archive_order=archive_order,
            score_sheet=score_sheet,
            record_questions=record_questions,
            map_tiles=map_tiles,
            upload_rules=UploadRules(
                max_bytes=settings.upload_max_mb * MEGABYTE, daily_bytes=settings.upload_daily_mb * MEGABYTE
            ),
        )
    )
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.web_host,
            port=settings.web_port,
            log_level="warning",
            access_log=False,
            server_header=False,
            # a page that asks every few seconds must not meet a connection that is just being closed
            timeout_keep_alive=75,
            timeout_graceful_shutdown=3,  # a browser that keeps a video open must not hold up the end
        )
    )
    if settings.web_processes == 1:
        server.run()
        return
    with _shared_port(settings.web_host, settings.web_port) as listening:
        server.run(sockets=[listening])


def _shared_port(host: str, port: int) -> socket.socket:
    """One of several that listen there: the kernel gives each connection to one of them (socket(7), SO_REUSEPORT)."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    return listening


def deliver(workplace: Workplace) -> None:
    from streetwitness.gateways import keep_promises, keeper_of_orders, relay_of, relay_of_hooks  # noqa: PLC0415

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    orders = keeper_of_orders(workplace)
    keep_promises((relay_of(workplace), relay_of_hooks(workplace), *([orders] if orders else [])), stop)


def escalate(workplace: Workplace) -> None:
    from cases import deadlines  # noqa: PLC0415
    from streetwitness.gateways import asks_register  # noqa: PLC0415

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    ask = asks_register(workplace)
    while not stop.wait(DEADLINES_EVERY_S):
        deadlines.work_off(workplace.sessions, now, ask)


def announce(workplace: Workplace) -> None:
    from streetwitness.horns import speak_through_horns  # noqa: PLC0415

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    speak_through_horns(workplace, stop)


def take_from_folder(workplace: Workplace) -> None:
    from cases.part_files import PartFiles  # noqa: PLC0415
    from ingest.watched_folder import FolderSettings, WatchedFolder  # noqa: PLC0415

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    settings, data = workplace.settings, workplace.data
    if settings.inbox is None or settings.inbox_user is None:
        raise Misuse("no folder is watched; name it with STREETWITNESS_INBOX, and a user with STREETWITNESS_INBOX_USER")
    watched = FolderSettings(settings.inbox, settings.inbox_user, settings.inbox_steady_s, settings.inbox_taken)
    WatchedFolder(workplace.sessions, PartFiles(data.uploads), data.vault, watched, clock=now).run(stop)


def copy(workplace: Workplace) -> None:
    from streetwitness.stores import keep_copies  # noqa: PLC0415

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    keep_copies(workplace, stop, time.monotonic)


def notarise(workplace: Workplace) -> None:
    from datetime import timedelta  # noqa: PLC0415

    from evidence.notary import Notary, Outside  # noqa: PLC0415
    from evidence.timestamping import Authority  # noqa: PLC0415
    from streetwitness.gateways import mails_heads  # noqa: PLC0415

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    settings = workplace.settings
    url, heads_to = settings.timestamp_url, settings.publish_heads_to
    outside = Outside(
        authority=Authority(url.get_secret_value(), settings.timestamp_authorities) if url else None,
        publish_to=heads_to.get_secret_value() if heads_to else None,
        shown=settings.heads_shown,
        mail=mails_heads(settings),
    )
    every = timedelta(seconds=settings.head_every_s)
    Notary(workplace.sessions, workplace.data.signing_key, now, every, outside).run(stop)
