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


class AnalysisCalledOff(Exception):
    """A person called the analysis off while it ran; the row says so, and nothing more is written for it."""

    def __init__(self, recording: object) -> None:
        super().__init__(f"recording {recording}: its analysis was called off; ask for it again on its page")


class TrackUnreadable(IngestError):
    """A side file is no track of places. why: the sentence without the file's name."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the track cannot be read: {why}; hand it in as the recorder wrote it")
        self.why = why


class FolderUnusable(IngestError):
    """The watched folder, or a file in it, is not what may be read there."""


class CutFailed(IngestError):
    """A clip could not be cut from the packets."""


class NotRendered(IngestError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path}: could not be encoded ({why}); is PyAV installed with libx264? Its wheels on PyPI have it"
        )
        self.path, self.why = path, why


class LeaseLost(IngestError):
    """The camera belongs to another watcher, or to none: nothing may be written for it any more."""

    def __init__(self, camera_id: str, why: str) -> None:
        super().__init__(f"camera {camera_id}: {why}; stop watching it and take it anew")
        self.camera_id = camera_id


# ---- addresses of cameras, and what a device answers (camera_address.py, onvif_device.py, onvif_discovery.py)


class AddressRefused(IngestError):
    """A camera's URL or address is not one this program will dial. Never repeats a user name or a password."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where, self.why = where, why


class UrlRefused(AddressRefused):
    """The text is not a URL of a camera; `why` says what to write instead, and the text itself is not repeated."""

    def __init__(self, why: str) -> None:
        super().__init__("camera URL", why)


class HostUnknown(IngestError):
    def __init__(self, host: str) -> None:
        super().__init__(f"{host}: no address is known for this name; check the spelling, or give the camera's address")
        self.host = host


class DeviceError(IngestError):
    """An ONVIF device does not do what was asked. `device` is its host and port."""

    def __init__(self, device: str, why: str) -> None:
        super().__init__(f"{device}: {why}")
        self.device, self.why = device, why


class DeviceUnreachable(DeviceError):
    def __init__(self, device: str, why: str) -> None:
        super().__init__(device, f"cannot be reached ({why}); check its power, its network and the port of ONVIF")


class DeviceTooSlow(DeviceError):
    def __init__(self, device: str, deadline_s: float) -> None:
        super().__init__(device, f"did not answer in full within {deadline_s:g} s; try again, or restart the device")
        self.deadline_s = deadline_s


class ReplyRefused(DeviceError):
    """What came back is nothing a camera sends: too large, with a DTD, a redirect, another machine's address."""

    def __init__(self, device: str, why: str) -> None:
        super().__init__(device, f"{why}; the answer was not used: see that this really is the camera")


class CredentialsRefused(DeviceError):
    def __init__(self, device: str) -> None:
        super().__init__(
            device, "refuses the user name or the password; check both, and that the account may use ONVIF"
        )


class RequestRefused(DeviceError):
    """The device answered with a fault of its own: it cannot or will not do this."""

    def __init__(self, device: str, request: str, why: str) -> None:
        super().__init__(device, f"refuses {request} ({why}); see whether this model can do it and has it switched on")
        self.request = request


class DiscoveryFailed(IngestError):
    def __init__(self, why: str) -> None:
        super().__init__(f"the network's cameras cannot be asked who they are ({why}); name an interface to ask from")
        self.why = why


class IdentityMissing(DeviceError):
    def __init__(self, device: str) -> None:
        super().__init__(device, "names neither manufacturer nor model nor serial number; see that this is a camera")


class MemoryUnreadable(IngestError):
    """What a watcher left for the next one cannot be read: the dwells begin anew."""


class StreamError(IngestError):
    """A camera's stream cannot be had, or not further. `camera` is its name; no message holds a URL or a password."""

    def __init__(self, camera: str, why: str) -> None:
        super().__init__(f"{camera}: {why}")
        self.camera = camera


class StreamUnreachable(StreamError):
    def __init__(self, camera: str, why: str) -> None:
        super().__init__(camera, f"cannot be reached ({why}); check its power, its network and the address")


class StreamRefused(StreamError):
    """Trying again at once does not help, and cameras lock accounts."""


class PasswordRefused(StreamRefused):
    def __init__(self, camera: str) -> None:
        super().__init__(camera, "refuses the user name or the password; correct them: cameras lock accounts")


class PathUnknown(StreamRefused):
    def __init__(self, camera: str) -> None:
        super().__init__(camera, "knows no stream of this path; take the path from its manual or by ONVIF")


class RedirectRefused(StreamRefused):
    def __init__(self, camera: str) -> None:
        super().__init__(camera, "sends us on to another address, which is not followed; give the stream's own address")


class StreamUnusable(StreamError):
    """It answers, and what it sends cannot be watched."""

    def __init__(self, camera: str, why: str) -> None:
        super().__init__(camera, f"sends {why}; set the stream to H.264 or H.265 with a keyframe every 2 s")


class StreamLost(StreamError):
    def __init__(self, camera: str, why: str) -> None:
        super().__init__(camera, f"the connection was lost ({why}); it is opened again")


class StreamSilent(StreamError):
    def __init__(self, camera: str, silent_s: float) -> None:
        super().__init__(camera, f"nothing came for {silent_s:g} s on an open connection; it is opened again")
        self.silent_s = silent_s


class StreamChanged(StreamError):
    """The camera went on with other parameter sets: another size or codec profile. What follows is another stream."""

    def __init__(self, camera: str) -> None:
        super().__init__(camera, "the picture's parameters changed; the stream is opened again with the new ones")


class FingerprintUnreadable(IngestError):
    def __init__(self, why: str) -> None:
        super().__init__(f"the stored fingerprint of a view cannot be read ({why}); it is learned again from the view")


class NotDerived(IngestError):
    """A derivative that cannot be made from this original; the message says why."""


class CannotReproduce(IngestError):
    """The bundle does not hold what looking again would need; the message says what."""


class FileQuarantined(IngestError):
    """A file that was handed in is no recording, or does harm: it is kept and not opened again."""


class LookCutShort(IngestError):
    """The look into a file was ended from outside: the file may be sound, so it is looked into again."""
