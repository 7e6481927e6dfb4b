"""Loudspeakers: which driver speaks to which, by the word in the site file.

    onvif      the audio back-channel of a camera; url: its stream, absent: the stream it is watched by
    axis       an Axis horn or one that speaks as it does; url: http(s)://host
    hikvision  a Hikvision horn or one that speaks as it does; url: http(s)://host
    file       a folder of WAV files, for trying things out
    device     a sound device of this machine, by aplay; url: what ALSA calls it, absent: its default

Horns on the network are dialled only where the settings allow it.
"""

from dataclasses import dataclass, field
from pathlib import Path

from notify.errors import GatewayRefused
from notify.gateway_http import GatewayNetworks
from notify.horn import Horn, HornAddress
from notify.horn_http import AxisHorn, HikvisionHorn
from notify.horn_local import DeviceHorn, FolderHorn
from notify.horn_rtsp import BackchannelHorn

__all__ = ["DRIVERS", "NEEDS_URL", "SCHEMES", "Horn", "HornAddress", "Horns"]

SCHEMES = {"onvif": ("rtsp", "rtsps"), "axis": ("http", "https"), "hikvision": ("http", "https")}
DRIVERS = (*SCHEMES, "file", "device")
NEEDS_URL = ("axis", "hikvision")


@dataclass(frozen=True)
class Horns:
    """folder: where the driver `file` writes. networks: where horns may be dialled."""

    folder: Path
    networks: GatewayNetworks = field(default_factory=GatewayNetworks)

    def horn(self, address: HornAddress) -> Horn:
        """Raises GatewayRefused for a driver that is none."""
        if address.driver == "onvif":
            return BackchannelHorn(address, self.networks)
        if address.driver == "axis":
            return AxisHorn(address, self.networks)
        if address.driver == "hikvision":
            return HikvisionHorn(address, self.networks)
        if address.driver == "file":
            return FolderHorn(self.folder / address.loudspeaker_id)
        if address.driver == "device":
            return DeviceHorn(address.url)
        raise GatewayRefused(f"there is no driver {address.driver}; there are {', '.join(DRIVERS)}")
