"""A stream's parameters, kept after its connection is gone.

Clips of a lost connection are cut after it was lost, and a muxer wants a stream of an open container as its model.
The model is therefore copied into a container of our own that nothing is ever written to.
"""

import io

import av
from av.video.stream import VideoStream

from ingest.packet_source import StreamFacts

TAKES_EVERY_CODEC = "matroska"


class StreamTemplate:
    """Facts and model of a stream; lives as long as it is held."""

    def __init__(self, facts: StreamFacts, stream: VideoStream) -> None:
        self.facts = facts
        self._keeper = av.open(io.BytesIO(), "w", format=TAKES_EVERY_CODEC)
        self.stream: VideoStream = self._keeper.add_stream_from_template(stream)
