"""Metrics: how the cameras are, for Prometheus, read from the rows at each scrape.

Guarded by a bearer token of the settings and not by addresses: behind a reverse proxy every visitor has the proxy's
address, and Prometheus sends a token by itself (`authorization: credentials_file`). Without a token in the settings
there is no such page. What is told are ids of cameras, names of watchers and counts: no source, no plate, no person.
"""

import hmac
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, StateSetMetricFamily
from prometheus_client.registry import Collector

from cases.cameras import CameraLine, Pulse, camera_lines
from models.database import reading
from models.enums import CameraState
from review_ui.desk import Now, TheDesk
from review_ui.errors import NotAScraper, NotFound
from review_ui.permissions import proof

routes = APIRouter()

PREFIX = "streetwitness_"

# of every camera that is dialled; what is not known is left out
GAUGES: tuple[tuple[str, str, Callable[[CameraLine], float | None]], ...] = (
    ("camera_watched", "1: a watcher has the camera.", lambda line: line.holder is not None),
    ("camera_packet_age_seconds", "Since the last packet came.", lambda line: line.packet_age_s),
    ("camera_look_age_seconds", "Since the last picture that was looked at.", lambda line: line.look_age_s),
    ("camera_clock_offset_seconds", "Our UTC minus the camera's.", lambda line: line.clock_offset_s),
    ("camera_clock_error_seconds", "The bound of that offset.", lambda line: line.clock_error_s),
    ("camera_open_incidents", "Incidents that are observed or in grace.", lambda line: line.open_incidents),
)

# of every camera that a watcher has spoken of
PULSE_GAUGES: tuple[tuple[str, str, Callable[[Pulse], float]], ...] = (
    ("camera_dwelling", "Vehicles that stand in a fence.", lambda pulse: pulse.dwelling),
    ("camera_ring_bytes", "Packets kept for looking back.", lambda pulse: pulse.ring_bytes),
)

# counted since the watcher took the camera: they begin anew with another one, as counters may
COUNTERS: tuple[tuple[str, str, Callable[[Pulse], float]], ...] = (
    ("camera_connections", "Connections made.", lambda pulse: pulse.connections),
    ("camera_packets", "Packets of the main stream.", lambda pulse: pulse.packets),
    ("camera_bytes", "Bytes of the main stream.", lambda pulse: pulse.packet_bytes),
    ("camera_looks", "Pictures that were looked at.", lambda pulse: pulse.looks),
    ("camera_looks_dropped", "Pictures replaced before the detector got to them.", lambda pulse: pulse.looks_dropped),
    ("camera_gaps", "Times without a usable picture.", lambda pulse: pulse.gaps),
    ("camera_gap_seconds", "How long these were.", lambda pulse: pulse.gap_s),
)


@proof("the scraper's token of the settings")
def scraper(request: Request, desk: TheDesk) -> None:
    """Raises NotFound where there are no metrics, NotAScraper for who does not bring the token."""
    token = desk.settings.metrics_token
    if token is None:
        raise NotFound
    scheme, _, brought = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(brought.strip().encode(), token.encode()):
        raise NotAScraper


@routes.get("/metrics", dependencies=[Depends(scraper)])
def metrics(desk: TheDesk, at: Now) -> Response:
    with reading(desk.settings.sessions) as session:
        lines = camera_lines(session, at)
    registry = CollectorRegistry()  # not the library's global one: what is told is what stands here
    registry.register(CameraMetrics([line for line in lines if line.state is not None]))
    return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})


class CameraMetrics(Collector):
    """Cameras that are dialled, as metric families."""

    def __init__(self, lines: Sequence[CameraLine]) -> None:
        self._lines = lines

    def collect(self) -> Iterator[Metric]:
        states = StateSetMetricFamily(f"{PREFIX}camera_state", "What there is to say of the camera.", labels=["camera"])
        for line in self._lines:
            states.add_metric([line.id], {state.value: state is line.state for state in CameraState})
        yield states
        for name, what, value_of in GAUGES:
            yield self._gauge(name, what, [(line.id, value_of(line)) for line in self._lines])
        pulses = [(line.id, line.pulse) for line in self._lines if line.pulse is not None]
        for name, what, figure_of in PULSE_GAUGES:
            yield self._gauge(name, what, [(camera_id, figure_of(pulse)) for camera_id, pulse in pulses])
        for name, what, figure_of in COUNTERS:
            counter = CounterMetricFamily(PREFIX + name, what, labels=["camera"])
            for camera_id, pulse in pulses:
                counter.add_metric([camera_id], figure_of(pulse))
            yield counter
        watchers = GaugeMetricFamily(f"{PREFIX}watcher_cameras", "Cameras a watcher has.", labels=["watcher"])
        held = Counter(line.holder for line in self._lines if line.holder is not None)
        for holder, cameras in sorted(held.items()):
            watchers.add_metric([holder], cameras)
        yield watchers

    def _gauge(self, name: str, what: str, values: Sequence[tuple[str, float | None]]) -> Metric:
        gauge = GaugeMetricFamily(PREFIX + name, what, labels=["camera"])
        for camera_id, value in values:
            if value is not None:
                gauge.add_metric([camera_id], value)
        return gauge
