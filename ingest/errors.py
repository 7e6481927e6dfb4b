"""What can go wrong on the way in. Messages name the file or the camera and say what to do."""

from pathlib import Path


class IngestError(Exception):
    """A source cannot be taken in, or not further."""


class SourceMissing(IngestError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: there is no such file; check the path")
        self.path = path


class NotAVideo(IngestError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}; give a video file as the recorder wrote it")
        self.path, self.why = path, why


class NoVideoStream(IngestError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: holds no video stream; is it a sound recording?")
        self.path = path


class UndecodableCodec(IngestError):
    def __init__(self, path: Path, codec: str) -> None:
        super().__init__(
            f"{path}: its codec {codec} cannot be decoded here; convert a copy to H.264 and keep the original"
        )
        self.path, self.codec = path, codec


class CutFailed(IngestError):
    """A clip could not be cut from the packets."""
