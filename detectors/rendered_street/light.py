"""The light of a street: sun, sky, lamps, and what a shiny surface mirrors. Linear light; 1 is a white wall at noon."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import cos, radians, sin

import cv2
import numpy as np
from numpy.random import Generator

from detectors.rendered_street.grain import Shades, in_rows, noise

Rgb = tuple[float, float, float]

GROUND_MIRRORED = 0.16  # how bright the ground is in a mirror, of the light that falls on it
HOUSES_MIRRORED = 0.30
DIMMEST_SUN, LOWEST_SUN = 0.6, 0.15  # sum of its colours, sine of its height: less casts no shadow
DULL = 0.02  # share of mirrored light up to which it is left out
NEAR_THE_SUN = 0.7  # cosine from which the sun's own reflection is worked out
MIRROR_SIDE = 128
CONTRAST = 0.16  # how much the camera steepens the middle tones
LAMP_HEAD_M = 7.6
MOST_LAMPS = 6
CONTACT_M = 0.7  # what is nearer to the ground than this gets less of the sky


@dataclass(frozen=True)
class Lamp:
    at: tuple[float, float, float]
    colour: Rgb
    reach_m: float = 7.0  # distance at which its light has fallen to half


@dataclass(frozen=True)
class Light:
    """azimuth_deg: where the sun stands, counter-clockwise from x. exposure: of the camera, before the gamma curve."""

    sun: Rgb = (2.1, 1.97, 1.72)
    azimuth_deg: float = 200.0
    elevation_deg: float = 50.0
    zenith: Rgb = (0.42, 0.55, 0.80)
    horizon: Rgb = (0.88, 0.95, 1.02)
    lamps: tuple[Lamp, ...] = ()
    exposure: float = 1.0
    haze_m: float = 900.0  # distance at which the air has taken over half of what is seen

    @property
    def to_sun(self) -> Shades:
        azimuth, elevation = radians(self.azimuth_deg), radians(self.elevation_deg)
        return np.array(
            [cos(azimuth) * cos(elevation), sin(azimuth) * cos(elevation), sin(elevation)], dtype=np.float32
        )

    @property
    def sky_on_flat(self) -> Shades:
        """What falls from the sky on level ground in the open."""
        return np.array([(high + low) / 2 for high, low in zip(self.zenith, self.horizon, strict=True)], np.float32)

    @property
    def dark(self) -> bool:
        return sum(self.sun) + sum(self.zenith) < 0.5

    @property
    def sunny(self) -> bool:
        """Does the sun cast shadows here?"""
        return sum(self.sun) > DIMMEST_SUN and float(self.to_sun[2]) > LOWEST_SUN

    def falling_on(self, places: Shades, normals: Shades, sunlit: Shades | float) -> Shades:
        """(n, 3) light that falls on points with those normals; sunlit: 0..1."""
        upward = (normals[:, 2:3] + 1) / 2
        above = np.clip(places[:, 2:3] / CONTACT_M, 0, 1)
        sky = self.sky_on_flat
        fallen = sky * (upward * (0.55 + 0.45 * above)) + sky * ((1 - upward) * 0.22)
        towards = np.clip(normals @ self.to_sun, 0, None) * sunlit
        fallen = fallen + towards[:, None] * np.array(self.sun, np.float32)
        for lamp in self.lamps:
            way = np.array(lamp.at, np.float32) - places
            far2 = np.einsum("ij,ij->i", way, way)
            facing = np.clip(np.einsum("ij,ij->i", normals, way) / np.sqrt(far2 + 1e-6) * 0.85 + 0.15, 0, None)
            fallen += (facing / (1 + far2 / lamp.reach_m**2))[:, None] * np.array(lamp.colour, np.float32)
        return np.asarray(fallen, dtype=np.float32)

    def mirrored(self, directions: Shades) -> Shades:
        """(n, 3) what is seen in those directions, of unit length, from a street between houses."""
        spread = (MIRROR_SIDE / 2 - 1) / (1 + np.abs(directions[:, 2]))
        across = directions[:, 0] * spread + MIRROR_SIDE / 2
        along = directions[:, 1] * spread + np.where(directions[:, 2] < 0, 1.5, 0.5).astype(np.float32) * MIRROR_SIDE
        columns, rows = (in_rows(each) for each in (across, along))
        found = cv2.remap(self._mirror, columns, rows, cv2.INTER_LINEAR)
        return np.asarray(found, np.float32).reshape(-1, 3)[: len(directions)]

    @cached_property
    def _mirror(self) -> Shades:
        """Two discs, one above the other: the upper half of all directions and the lower, each seen from afar."""
        line = (np.arange(MIRROR_SIDE, dtype=np.float32) - MIRROR_SIDE / 2) / (MIRROR_SIDE / 2 - 1)
        x, y = np.meshgrid(line, line)
        # from u = x / (1 + |z|) and x² + y² + z² = 1
        near = np.minimum(x**2 + y**2, 1.2)
        z = (1 - near) / (1 + near)
        upper = np.stack([x * (1 + z), y * (1 + z), z], axis=-1)
        both = np.stack([upper, upper * np.array([1, 1, -1], np.float32)])
        return self._surroundings(both.reshape(-1, 3).astype(np.float32)).reshape(2 * MIRROR_SIDE, MIRROR_SIDE, 3)

    def _surroundings(self, directions: Shades) -> Shades:
        up = directions[:, 2]
        zenith, horizon = np.array(self.zenith, np.float32), np.array(self.horizon, np.float32)
        high = np.clip(up, 0, 1)[:, None] ** 0.6
        over = np.maximum(up, 0) + 0.3
        clouds = noise(directions[:, 0] / over, directions[:, 1] / over, 4.0)[:, None]
        sky = (horizon * (1 - high) + zenith * high) * np.clip(0.85 + 0.45 * clouds, 0.3, 1.6)
        # a skyline of houses left and right, open along the street
        skyline = 0.45 * np.abs(directions[:, 0]) + 0.06 * np.sin(9 * directions[:, 1]) + 0.04
        house = np.clip((skyline - up) * 14, 0, 1)[:, None]
        windows = noise(directions[:, 1], up, 0.9)[:, None]
        wall = self.sky_on_flat * (HOUSES_MIRRORED * np.clip(0.75 + 0.75 * windows, 0.1, 2))
        ground = np.clip(-up * 14 + 0.3, 0, 1)[:, None]
        floor = (self.sky_on_flat + np.array(self.sun, np.float32) * self.to_sun[2]) * GROUND_MIRRORED
        return np.asarray((sky * (1 - house) + wall * house) * (1 - ground) + floor * ground, dtype=np.float32)

    def reflected(self, surface: Shades, normals: Shades, to_eye: Shades, fallen: Shades, sunlit: float) -> Shades:
        """(n, 3) light that goes to the eye from surfaces (n, 6 of surface.table_of)."""
        facing = np.clip(np.einsum("ij,ij->i", normals, to_eye), 0, 1)
        mirror, gloss = surface[:, 3], surface[:, 4]
        share = mirror + (1 - mirror) * gloss * (1 - facing) ** 5
        bounced = 2 * facing[:, None] * normals - to_eye
        seen = surface[:, :3] * (fallen * (1 - share)[:, None] + surface[:, 5:6])
        shiny = np.flatnonzero(share > DULL)
        bounced = 2 * facing[shiny, None] * normals[shiny] - to_eye[shiny]
        seen[shiny] += self.mirrored(bounced) * share[shiny, None]
        towards = bounced @ self.to_sun
        dazzling = np.flatnonzero(towards > NEAR_THE_SUN)
        where = shiny[dazzling]
        glint = towards[dazzling] ** (4 + 250 * gloss[where] ** 2) * gloss[where] * (0.2 + 2.0 * gloss[where]) * sunlit
        seen[where] += glint[:, None] * np.array(self.sun, np.float32)
        return np.asarray(seen, dtype=np.float32)

    def through_air(self, colours: Shades, distance_m: Shades) -> Shades:
        clear = 0.5 ** (distance_m / self.haze_m)
        return np.asarray(
            colours * clear[..., None] + np.array(self.horizon, np.float32) * (1 - clear)[..., None], dtype=np.float32
        )

    def developed(self, light: Shades) -> Shades:
        """Linear light as the camera writes it, 0..255: exposure, a shoulder for the brightest parts, gamma."""
        exposed = np.maximum(light * self.exposure, 0)
        shouldered = exposed * (1 + exposed / 6.0) / (1 + exposed * 0.62)
        tone = np.clip(shouldered, 0, 1) ** (1 / 2.2)
        return np.asarray(255 * (tone + CONTRAST * (tone - 0.5) * tone * (1 - tone) * 4), dtype=np.float32)


DAY = Light()
OVERCAST = Light(
    sun=(0.12, 0.12, 0.12), zenith=(0.95, 0.98, 1.02), horizon=(1.0, 1.02, 1.05), haze_m=400.0, exposure=0.95
)
DUSK = Light(
    sun=(0.75, 0.42, 0.20), elevation_deg=14.0, zenith=(0.16, 0.20, 0.34), horizon=(0.55, 0.40, 0.32), exposure=1.5
)
NIGHT = Light(
    sun=(0.0, 0.0, 0.0), zenith=(0.012, 0.014, 0.022), horizon=(0.035, 0.03, 0.03), exposure=1.6, haze_m=5000.0
)
SODIUM: Rgb = (1.0, 0.62, 0.26)
WHITE: Rgb = (0.85, 0.92, 1.0)


def any_light(rng: Generator, posts: Sequence[tuple[float, float]]) -> Light:
    """A time of day and a weather; by night the lamps of the posts are lit."""
    kind = rng.choice(["day", "overcast", "dusk", "night"], p=[0.42, 0.2, 0.16, 0.22])
    azimuth = float(rng.uniform(0, 360))
    if kind == "day":
        bright = float(rng.uniform(0.6, 1.1))
        sun = (DAY.sun[0] * bright, DAY.sun[1] * bright, DAY.sun[2] * bright)
        return replace(
            DAY,
            sun=sun,
            azimuth_deg=azimuth,
            elevation_deg=float(rng.uniform(28, 72)),
            exposure=float(rng.uniform(0.9, 1.5)),
            haze_m=float(rng.choice([250, 600, 1200])),
        )
    if kind == "overcast":
        return replace(OVERCAST, exposure=float(rng.uniform(0.8, 1.3)), haze_m=float(rng.choice([90, 200, 500])))
    if kind == "dusk":
        return replace(DUSK, azimuth_deg=azimuth, exposure=float(rng.uniform(1.3, 2.6)))
    return night_with(posts, SODIUM if rng.random() < 0.5 else WHITE, exposure=float(rng.uniform(1.1, 2.6)))


def night_with(posts: Sequence[tuple[float, float]], colour: Rgb, exposure: float) -> Light:
    heads = tuple(Lamp((x - 1.7 if x > 0 else x + 1.7, y, LAMP_HEAD_M), colour) for x, y in posts[:MOST_LAMPS])
    return replace(NIGHT, lamps=heads, exposure=exposure)
