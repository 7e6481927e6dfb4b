"""Where a place lies on a map: places are kept in WGS-84, and Chinese maps are drawn in GCJ-02.

GCJ-02 shifts what lies in mainland China by some hundred metres along a fixed formula on the ellipsoid of Krasovsky
(1940); its constants are public knowledge. A map of tiles in the one datum with places of the other shows every camera
in the wrong street.
"""

import math
from enum import StrEnum

KRASOVSKY_M, ECCENTRICITY_2 = 6378245.0, 0.00669342162296594323  # semi-major axis, first eccentricity squared
CENTRE_LAT, CENTRE_LON = 35.0, 105.0
CHINA_LAT, CHINA_LON = (0.8293, 55.8271), (72.004, 137.8347)  # the box inside which maps are shifted


class MapDatum(StrEnum):
    WGS84 = "wgs84"
    GCJ02 = "gcj02"


def on_map(lat: float, lon: float, datum: MapDatum) -> tuple[float, float]:
    """Latitude and longitude at which a WGS-84 place stands on a map of that datum."""
    return gcj02_of(lat, lon) if datum is MapDatum.GCJ02 else (lat, lon)


def gcj02_of(lat: float, lon: float) -> tuple[float, float]:
    """Of a WGS-84 place; outside the box of China nothing is shifted."""
    if not (CHINA_LAT[0] <= lat <= CHINA_LAT[1] and CHINA_LON[0] <= lon <= CHINA_LON[1]):
        return lat, lon
    x, y = lon - CENTRE_LON, lat - CENTRE_LAT
    wobble = (20 * math.sin(6 * math.pi * x) + 20 * math.sin(2 * math.pi * x)) * 2 / 3
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wobble
    north_m += _waves(y, ((20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30)))
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wobble
    east_m += _waves(x, ((20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30)))
    sine = math.sin(math.radians(lat))
    flattened = 1 - ECCENTRICITY_2 * sine * sine
    along_m = KRASOVSKY_M * (1 - ECCENTRICITY_2) / flattened**1.5
    across_m = KRASOVSKY_M / math.sqrt(flattened) * math.cos(math.radians(lat))
    return lat + math.degrees(north_m / along_m), lon + math.degrees(east_m / across_m)


def _waves(at: float, waves: tuple[tuple[float, float], ...]) -> float:
    """Metres: each wave with its height and its frequency, two thirds of their sum."""
    return sum(height * math.sin(frequency * math.pi * at) for height, frequency in waves) * 2 / 3
