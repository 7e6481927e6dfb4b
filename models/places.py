"""Where things happen: site, camera with its legal passport, geofence with its versions, loudspeaker."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import CameraKind


class Site(Base):
    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    timezone: Mapped[str] = mapped_column(String(64))


class Camera(Base):
    """A camera, and the papers that decide whether what it sees may support a penalty.

    行政处罚法 (2021) art. 41(1): legal and technical review, visible sign, site announced.
    """

    __tablename__ = "camera"
    __table_args__ = (
        CheckConstraint("lat IS NULL OR (lat BETWEEN -90 AND 90)", name="lat_in_range"),
        CheckConstraint("lon IS NULL OR (lon BETWEEN -180 AND 180)", name="lon_in_range"),
        CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="place_whole"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(1000))
    kind: Mapped[CameraKind] = mapped_column(words(CameraKind, "camera_kind"), default=CameraKind.FIXED)
    device_number: Mapped[str | None] = mapped_column(String(64))
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    clock_offset_s: Mapped[float] = mapped_column(default=0.0)  # our UTC minus the camera's
    clock_error_s: Mapped[float | None]  # bound of that offset; None: never measured
    legal_review_on: Mapped[date | None]
    technical_review_on: Mapped[date | None]
    verified_until: Mapped[date | None]
    sign_photographed_on: Mapped[date | None]
    announced_on: Mapped[date | None]
    area_id: Mapped[str | None] = mapped_column(ForeignKey("area.id"), index=True)  # what it looks at lies there

    site: Mapped[Site] = relationship(lazy="raise")

    def discovery_only(self, on: date) -> list[str]:
        """Which papers are missing or lapsed on that day; empty: it may support a penalty."""
        papers = {
            "legal_review": self.legal_review_on,
            "technical_review": self.technical_review_on,
            "sign_photographed": self.sign_photographed_on,
            "announced": self.announced_on,
        }
        missing = [name for name, dated in papers.items() if dated is None or dated > on]
        if self.verified_until is None or self.verified_until < on:
            missing.append("verification")
        return missing


class Geofence(Base):
    __tablename__ = "geofence"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))

    camera: Mapped[Camera] = relationship(lazy="raise")


class GeofenceVersion(Base, WithId):
    """What a geofence was between two moments. Never changed: a change is a new version.

    polygon: [[x, y], …] in fractions of the picture (0..1), at least three corners.
    offences: {"illegal_parking": {"dwell_s": 180, "grace_s": 600}}.
    timetable: [{"days": "mon-sun", "from": "07:00", "to": "22:00"}]; empty: always.
    """

    __tablename__ = "geofence_version"
    __table_args__ = (
        UniqueConstraint("geofence_id", "version"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="ends_after_start"),
        Index(
            "uq_geofence_version_in_force",
            "geofence_id",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
    )

    geofence_id: Mapped[str] = mapped_column(ForeignKey("geofence.id"))
    version: Mapped[int]
    preset: Mapped[str | None] = mapped_column(String(64))
    polygon: Mapped[list[Any]]
    offences: Mapped[dict[str, Any]]
    timetable: Mapped[list[Any]]
    exemptions: Mapped[list[Any]]
    warning_only: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    changed_by: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(500))

    geofence: Mapped[Geofence] = relationship(lazy="raise")


class Loudspeaker(Base):
    """A horn by a camera, and how it is reached. url: without user name and password; absent: the camera's stream.

    The password is sealed under `loudspeaker.password:<id>`. volume: percent of the sound as it was made. cooldown_s:
    silence between what the program says by itself. quiet: timetable of the hours in which it says nothing at all.
    """

    __tablename__ = "loudspeaker"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"))
    driver: Mapped[str] = mapped_column(String(32))
    url: Mapped[str | None] = mapped_column(String(1000))
    username: Mapped[str | None] = mapped_column(String(100))
    password_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    volume: Mapped[int] = mapped_column(default=100, server_default="100")
    cooldown_s: Mapped[int] = mapped_column(default=20, server_default="20")
    quiet: Mapped[list[Any] | None]

    camera: Mapped[Camera] = relationship(lazy="raise")
