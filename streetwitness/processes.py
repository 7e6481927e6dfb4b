"""The processes of a site: watcher, worker, web, relay. The supervisor starts each, and each leaves when it is gone."""

import logging
import os
import signal
import sys
import threading

from streetwitness.errors import Misuse
from streetwitness.settings import load_settings
from streetwitness.workplace import Workplace, now, opened_workplace

log = logging.getLogger(__name__)

RELAY_LOOKS_EVERY_S = 2.0
MEGABYTE = 1_000_000


def leave_with_parent() -> None:
    """The supervisor holds the other end of our standard input; its end is our end, even after kill -9."""

    def wait_for_the_end() -> None:
        os.read(sys.stdin.fileno(), 1)  # not through the buffer: its lock would be held while Python shuts down
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_the_end, name="leave-with-parent", daemon=True).start()


def run_process(name: str) -> None:
    """Runs the process of that name until SIGTERM. Raises Misuse for a name that is none."""
    doors = {"watcher": watch, "worker": work, "web": serve, "relay": deliver}
    if name not in doors:
        raise Misuse(f"there is no process {name!r}; there are {', '.join(doors)}")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    for chatty in ("rq", "alembic", "openvino"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    leave_with_parent()
    with opened_workplace(load_settings()) as workplace:
        doors[name](workplace)


def watch(workplace: Workplace) -> None:
    from ingest.live_camera import OurClock, Surroundings  # noqa: PLC0415 - each process loads only what it needs
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
        around = Surroundings(
            sessions=workplace.sessions,
            vault_root=workplace.data.vault,
            desk=desk,
            networks=settings.dialled,
            clock=OurClock(),
            sampling=Sampling(look_s=settings.look_s),
            ring=lambda: PacketRing(settings.ring_s, settings.ring_mb * MEGABYTE, budget),
        )
        Watcher(around, workplace.key(), holder_name()).run(stop)


def work(workplace: Workplace) -> None:
    from redis import Redis  # noqa: PLC0415
    from rq import Queue, SimpleWorker  # noqa: PLC0415

    from streetwitness.jobs import QUEUE, Sweeper  # noqa: PLC0415

    url = workplace.settings.redis_url
    assert url is not None, "the supervisor says where Redis is"
    stop = threading.Event()
    with Redis.from_url(url.get_secret_value()) as redis:
        sweeping = threading.Thread(target=Sweeper(workplace, redis).run, args=(stop,), name="sweeper")
        sweeping.start()
        try:
            # in this process and not in a fork: the network is loaded once, and OpenVINO's threads do not survive one
            SimpleWorker([Queue(QUEUE, connection=redis)], connection=redis).work(logging_level="WARNING")
        finally:
            stop.set()
            sweeping.join()


def serve(workplace: Workplace) -> None:
    import uvicorn  # noqa: PLC0415

    from review_ui.app import ReviewSettings, make_app  # noqa: PLC0415

    settings = workplace.settings
    app = make_app(
        ReviewSettings(
            sessions=workplace.sessions,
            vault_root=workplace.data.vault,
            drafts_dir=workplace.data.drafts,
            public_hosts=settings.public_hosts,
            secure_cookies=settings.secure_cookies,
            metrics_token=settings.metrics_token.get_secret_value() if settings.metrics_token else None,
        )
    )
    uvicorn.run(
        app,
        host=settings.web_host,
        port=settings.web_port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,  # a browser that keeps a video open must not hold up the end
    )


def deliver(workplace: Workplace) -> None:
    from notify.file_gateway import FileGateway  # noqa: PLC0415
    from notify.relay import Relay  # noqa: PLC0415

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    relay = Relay(
        sessions=workplace.sessions,
        gateway=FileGateway(workplace.data.outbox),
        personal_data_key=workplace.key(),
        language="zh",
        clock=now,
    )
    while not stop.wait(RELAY_LOOKS_EVERY_S):
        relay.deliver_due()
