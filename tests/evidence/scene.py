"""A small case with real media: an H.264 clip, a still and a close-up decoded from it, sealed for one incident."""

import uuid
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence import log_contents
from evidence.bundle import Signing, export_bundle
from evidence.canonical import canonical
from evidence.digest import sha256_of_bytes
from evidence.notary import Notary, Outside
from evidence.sealing import PendingExhibit, seal
from evidence.timestamp_token import roots_of
from evidence.timestamping import Authority
from evidence.vault import Vault
from models.enums import Act, Decision, ExhibitKind, ExhibitMoment
from models.exhibits import Exhibit
from models.incidents import DraftCase, Incident, ReviewDecision
from tests.conftest import Database
from tests.evidence.timestamp_authority import TimestampAuthority
from tests.rows import add_event, add_street, add_user, after

WIDTH, HEIGHT, RATE = 64, 48, 5


def film(path: Path, seconds: int = 12, *, grey: int = 128) -> None:
    """A grey rectangle that stands in a green street, as H.264 in an MP4."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "40", "g": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for number in range(seconds * RATE):
            picture = np.full((HEIGHT, WIDTH, 3), (40, 120, 40), np.uint8)
            picture[20:40, 10:40] = grey
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def decode_still(clip: Path, path: Path, *, crop: bool) -> None:
    with av.open(str(clip)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="bgr24")
    part = picture[16:44, 6:44] if crop else picture
    path.write_bytes(cv2.imencode(".jpg", part)[1].tobytes())


@dataclass(frozen=True)
class Scene:
    """A sealed case, and where its database and vault are."""

    database: Database
    vault_root: Path
    incident_id: uuid.UUID
    signing: Signing | None = None

    def export(self, out: Path, reason: str = "asked for by the court", at_s: float = 2000) -> None:
        with self.database.sessions.begin() as session:
            export_bundle(
                session,
                self.vault_root,
                self.incident_id,
                out,
                actor="li.na",
                at=after(at_s),
                reason=reason,
                signing=self.signing,
            )

    def object_path(self, kind: ExhibitKind) -> Path:
        """Where the vault keeps the exhibit of that kind."""
        with self.database.sessions() as session:
            sha256 = session.scalars(select(Exhibit.sha256).where(Exhibit.kind == kind)).one()
        return next((self.vault_root / "objects" / sha256[:2]).glob(f"{sha256[2:]}.*"))


def witnessed(scene: Scene, authority: TimestampAuthority, key_path: Path, *, at_s: float = 950) -> Scene:
    """The same case after the notary's round: signed, logged, its head dated by the authority and published."""
    roots = roots_of(authority.roots.read_bytes())
    with authority.answering():
        outside = Outside(Authority(authority.url, roots), str(key_path.parent / "heads.jsonl"), "a file")
        Notary(scene.database.sessions, key_path, lambda: after(at_s), outside=outside).round()
    return replace(scene, signing=Signing(key_path, authority.roots))


def sealed_scene(database: Database, folder: Path, *, grey: int = 128, **incident_differs: Any) -> Scene:
    vault_root = folder / "vault"
    with Vault.open(vault_root) as vault, database.sessions.begin() as session:
        street = add_street(session, **incident_differs)
        incident_id = street.incident.id
        clip = vault.take(lambda path: film(path, grey=grey), ".mp4")
        still = vault.take(lambda path: decode_still(clip.path, path, crop=False), ".jpg")
        close_up = vault.take(lambda path: decode_still(clip.path, path, crop=True), ".jpg")
        cut = {"how": "remux", "container": "mp4", "codec": "h264", "width": WIDTH, "height": HEIGHT, "gaps": []}
        decoded = {"how": "decode", "clip_sha256": clip.sha256, "pts": 0, "width": WIDTH, "height": HEIGHT}
        for pending, kind, media_type, seconds, recipe in (
            (clip, ExhibitKind.CLIP, "video/mp4", 11.8, cut),
            (still, ExhibitKind.STILL, "image/jpeg", 0.0, decoded),
            (close_up, ExhibitKind.CLOSE_UP, "image/jpeg", 0.0, decoded | {"box": [6, 16, 44, 44]}),
        ):
            exhibit = PendingExhibit(
                pending, kind, ExhibitMoment.ENTRY, media_type, after(10), after(10 + seconds), recipe
            )
            seal(session, vault, incident_id, exhibit, actor="streetwitness", at=after(90))
        add_draft_and_decision(session, incident_id)
        session.commit()
        for pending in (clip, still, close_up):
            vault.settle(pending)
    return Scene(database, vault_root, incident_id)


def add_draft_and_decision(session: Session, incident_id: uuid.UUID) -> None:
    for version in (1, 2):
        draft = DraftCase(
            incident_id=incident_id,
            version=version,
            content={
                "title": "违法停车",
                "sentences": [{"text": "a car stood there", "exhibit": 1}],
                "version": version,
            },
            made_at=after(700 + version),
            software="streetwitness 0.1.0",
        )
        session.add(draft)
    session.flush()
    decision = ReviewDecision(
        incident_id=incident_id,
        draft_case_id=draft.id,
        user_id=add_user(session).id,
        decision=Decision.RETURN,
        reason="the close-up is too small",
        is_true=True,
        is_clear=False,
        is_complete=True,
        is_accurate=True,
        at=after(900),
    )
    session.add(decision)
    session.flush()
    log_contents.enter(session, decision)
    add_event(
        session,
        session.get_one(Incident, incident_id),
        seq=2,
        act=Act.SENT_BACK,
        at=after(900),
        facts={
            "decision": str(decision.id),
            "draft": {"version": 2, "sha256": sha256_of_bytes(canonical(draft.content))},
        },
    )
