"""Signatures: whose they are, what opens the key, which byte is missed, and where whose name goes."""

import base64
import io
import json
import uuid
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select, update

from cases import passwords
from cases.papers import documents, registry, signature_images, signing
from cases.papers.errors import PaperDamaged, PaperRefused
from cases.papers.kinds import Place
from cases.papers.signing import faults_of
from evidence.vault import Vault
from models.case_files import FileOfficer
from models.database import reading
from models.enums import AccountAct, FileAct, PaperKind
from models.papers import FilePaper, NumberedSheet, OfficerKey, PaperSignature, SignatureImage
from models.people import AccountEvent, User
from tests.cases.papers.paper_scene import KEY, OTHER_PASSWORD, PASSWORD, Scene, open_scene
from tests.conftest import Database

BLUE = (20, 40, 200, 255)


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    """With a report that two officers sign, and a decision for the leader."""
    scene = open_scene(sqlite_database.sessions, tmp_path, seen_by_camera=False)
    with scene.press() as (press, session):
        scene.investigated(session)
        notice = scene.noticed(session)
        scene.step(session, FileAct.HEAR)
        scene.decided(session, notice)
        documents.make_all(session, scene.file_id, by=scene.by(session), at=scene.at, press=press)
    return scene


def paper_id(scene: Scene, kind: PaperKind) -> uuid.UUID:
    with reading(scene.sessions) as session:
        asked = select(FilePaper.id).where(FilePaper.kind == kind).order_by(FilePaper.version.desc()).limit(1)
        return session.scalars(asked).one()


def sign(
    scene: Scene, kind: PaperKind, name: str, password: str = PASSWORD, place: Place | None = None
) -> PaperSignature:
    with scene.press() as (press, session):
        user = scene.user(session, name)
        return signing.sign(
            session, paper_id(scene, kind), user=user, password=password, at=scene.at, press=press, place=place
        )


def faults(scene: Scene, kind: PaperKind) -> list[tuple[str, ...]]:
    with scene.press() as (press, session):
        return [verdict.faults for verdict in signing.verify(session, paper_id(scene, kind), press.at_hand)]


def why(scene: Scene, kind: PaperKind, name: str, password: str = PASSWORD, place: Place | None = None) -> str:
    with pytest.raises(PaperRefused) as refused:
        sign(scene, kind, name, password, place)
    return refused.value.why


def drawn(width: int = 300, height: int = 100) -> bytes:
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle([10, 10, width - 10, height - 10], fill=BLUE)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def blue_points(pdf: bytes) -> int:
    points = 0
    for page in pypdfium2.PdfDocument(pdf):
        picture = np.asarray(page.render(scale=1).to_pil().convert("RGB")).astype(int)
        points += int(((picture[..., 2] > 150) & (picture[..., 0] < 80)).sum())
    return points


def test_two_officers_and_a_leader_sign_each_at_their_own_place(scene: Scene) -> None:
    with scene.press() as (_, session):
        signature_images.put(session, scene.user(session, "wang"), drawn(), key=KEY, at=scene.at)
    places = [
        sign(scene, PaperKind.INVESTIGATION_REPORT, "wang").place,
        sign(scene, PaperKind.INVESTIGATION_REPORT, "zhao").place,
        sign(scene, PaperKind.DECISION, "sun").place,
        sign(scene, PaperKind.LEGAL_OPINION, "qian").place,
    ]
    assert places == ["officer_1", "officer_2", "leader", "legal_reviewer"]
    assert faults(scene, PaperKind.INVESTIGATION_REPORT) == [(), ()]
    with scene.press() as (press, session):
        report = documents.find(session, paper_id(scene, PaperKind.INVESTIGATION_REPORT))
        assert report is not None
        pdf = documents.bytes_of(session, report, "pdf", at=scene.at, press=press)
        (first, second) = sorted(report.signatures, key=lambda each: each.signed_at)
        kept = documents.kept_pdf(first.pdf_sha256, press.at_hand)
        acts = session.scalars(select(AccountEvent.act).where(AccountEvent.act == AccountAct.SIGNING_KEY_MADE)).all()
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    assert blue_points(pdf) > 500, "the picture of the first signature is on the paper"
    assert "赵协办" in text, "who has no picture is there by name"
    assert "Ed25519" in text
    assert kept != pdf, "what the first officer signed is kept as it was"
    assert second.pdf_sha256 != first.pdf_sha256
    assert len(acts) == 4


def test_nobody_signs_at_a_place_that_is_another_persons(scene: Scene) -> None:
    sign(scene, PaperKind.INVESTIGATION_REPORT, "wang")
    assert [
        why(scene, PaperKind.INVESTIGATION_REPORT, "wang"),
        why(scene, PaperKind.INVESTIGATION_REPORT, "zhou"),
        why(scene, PaperKind.INVESTIGATION_REPORT, "sun"),
        why(scene, PaperKind.INVESTIGATION_REPORT, "zhao", place=Place.OFFICER_1),
        why(scene, PaperKind.DECISION, "wang"),
        why(scene, PaperKind.DECISION, "qian"),
        why(scene, PaperKind.DECISION, "sun", place=Place.PARTY),
        why(scene, PaperKind.DECISION, "sun", "not my password at all"),
    ] == ["signed_by_you", *["no_place_for_you"] * 6, "wrong_password"]
    with scene.sessions() as session:
        assert len(session.scalars(select(PaperSignature)).all()) == 1


def test_an_officer_who_stood_back_signs_no_more_and_who_investigates_signs_as_nobody_else(scene: Scene) -> None:
    with scene.press() as (_, session):
        row = session.scalars(select(FileOfficer).where(FileOfficer.user_id == scene.users["zhao"])).one()
        row.ended_at, row.end_reason = scene.at, "回避"
    assert why(scene, PaperKind.INVESTIGATION_REPORT, "zhao") == "no_place_for_you"


def test_a_signed_paper_stands_and_an_older_version_or_a_voided_number_is_not_signed(scene: Scene) -> None:
    old = paper_id(scene, PaperKind.DECISION)
    (scene.site_folder / "bureau.toml").write_text('name = "新城管局"\n', "utf-8")
    with scene.press() as (press, session):
        documents.make(session, scene.file_id, PaperKind.DECISION, by=scene.by(session), at=scene.at, press=press)
    with scene.press() as (press, session), pytest.raises(PaperRefused) as refused:
        signing.sign(session, old, user=scene.user(session, "sun"), password=PASSWORD, at=scene.at, press=press)
    assert refused.value.why == "not_the_newest"
    sign(scene, PaperKind.DECISION, "sun")
    (scene.site_folder / "bureau.toml").write_text('name = "又一局"\n', "utf-8")
    with scene.press() as (press, session), pytest.raises(PaperRefused) as refused:
        documents.make(session, scene.file_id, PaperKind.DECISION, by=scene.by(session), at=scene.at, press=press)
    assert refused.value.why == "signed_under_number"
    with scene.press() as (press, session):
        made = documents.make_all(session, scene.file_id, by=scene.by(session), at=scene.at, press=press)
        assert PaperKind.DECISION not in {paper.kind for paper in made}, "what is signed is left as it is"
        notice = session.get_one(FilePaper, paper_id(scene, PaperKind.PENALTY_NOTICE))
        sheet = session.get_one(NumberedSheet, notice.sheet_id)
        registry.void(session, sheet, "打印有误", by=scene.by(session), at=scene.at)
    assert why(scene, PaperKind.PENALTY_NOTICE, "wang") == "number_voided"


def test_the_key_opens_with_the_password_and_with_nothing_else(scene: Scene) -> None:
    """Who has the database and the site's key still signs in nobody's name."""
    first = sign(scene, PaperKind.INVESTIGATION_REPORT, "wang")
    with scene.sessions() as session:
        row = session.get_one(OfficerKey, first.key_id)
        opened = base64.b64decode(KEY.open(row.private_sealed, f"officer_key.private:{row.id}"))
        assert len(opened) == 16 + 12 + 32 + 16, "salt, nonce, and the key with its tag"
    with scene.press() as (_, session):
        changed = passwords.hashed(OTHER_PASSWORD)
        session.execute(update(User).where(User.id == scene.users["wang"]).values(password_hash=changed))
    assert why(scene, PaperKind.PENALTY_NOTICE, "wang") == "wrong_password"
    second = sign(scene, PaperKind.PENALTY_NOTICE, "wang", OTHER_PASSWORD)
    assert second.key_id != first.key_id, "the old key does not open any more, so there is a new one"
    third = sign(scene, PaperKind.FILING_APPROVAL, "wang", OTHER_PASSWORD)
    assert third.key_id == second.key_id
    assert faults(scene, PaperKind.INVESTIGATION_REPORT) == [()], "what the old one signed still holds"


def test_a_changed_byte_is_found_wherever_it_is(scene: Scene) -> None:
    row = sign(scene, PaperKind.DECISION, "sun")
    with scene.press() as (press, session):
        paper = session.get_one(FilePaper, row.paper_id)
        docx = documents.docx_of(paper, press.at_hand)
        pdf = documents.kept_pdf(row.pdf_sha256, press.at_hand)
        public = session.get_one(OfficerKey, row.key_id).public_pem.encode()
        other = signing.officer_keys.opened(session, scene.user(session, "wang"), PASSWORD, key=KEY, at=scene.at)[0]
    statement = row.statement.encode()
    whole = {"docx": docx, "pdf": pdf}
    assert faults_of(statement, row.signature, public, **whole) == ()
    for at in range(0, len(docx), 997):
        assert "docx_changed" in faults_of(statement, row.signature, public, docx=_flipped(docx, at), pdf=pdf)
    for at in range(0, len(pdf), 1499):
        assert "pdf_changed" in faults_of(statement, row.signature, public, docx=docx, pdf=_flipped(pdf, at))
    for at in range(len(statement)):
        assert faults_of(_flipped(statement, at), row.signature, public, **whole) == ("not_signed",)
    for at in range(len(row.signature)):
        assert faults_of(statement, _flipped(row.signature, at), public, **whole) == ("not_signed",)
    assert faults_of(statement, row.signature, other.public_pem.encode(), **whole) == ("not_signed",)


@pytest.mark.parametrize(
    ("column", "fault"),
    [("place", "other_place"), ("user_id", "other_signer_id"), ("signed_at", "other_at"), ("paper_id", "other_paper")],
)
def test_a_row_that_says_something_else_than_was_signed_is_found(scene: Scene, column: str, fault: str) -> None:
    row = sign(scene, PaperKind.INVESTIGATION_REPORT, "wang")
    values = {
        "place": "leader",
        "user_id": scene.users["zhou"],
        "signed_at": scene.at,
        "paper_id": paper_id(scene, PaperKind.LEGAL_OPINION),
    }
    with scene.press() as (_, session):
        session.execute(update(PaperSignature).where(PaperSignature.id == row.id).values({column: values[column]}))
    looked_at = PaperKind.LEGAL_OPINION if column == "paper_id" else PaperKind.INVESTIGATION_REPORT
    (found,) = faults(scene, looked_at)
    assert fault in found


def test_a_paper_whose_bytes_are_gone_is_not_said_to_be_signed(scene: Scene) -> None:
    row = sign(scene, PaperKind.DECISION, "sun")
    Vault.path_of(scene.folder / "vault", row.pdf_sha256, ".pdf").unlink()
    with pytest.raises(PaperDamaged):
        faults(scene, PaperKind.DECISION)


def test_what_was_signed_says_what_it_is(scene: Scene) -> None:
    row = sign(scene, PaperKind.DECISION, "sun")
    said = json.loads(row.statement)
    assert said["case"] == "〔2026〕城管立字第0001号"
    assert said["number"] == "〔2026〕城管罚决字第0001号"
    assert (said["kind"], said["version"], said["place"], said["signer"]) == ("decision", 1, "leader", "sun")
    with scene.sessions() as session:
        events = session.scalars(select(AccountEvent).where(AccountEvent.user_id == scene.users["sun"])).all()
    assert [event.act for event in events] == [AccountAct.SIGNING_KEY_MADE]


def test_a_picture_of_a_signature_is_kept_sealed_and_another_takes_its_place(scene: Scene) -> None:
    with scene.press() as (_, session):
        first = signature_images.put(session, scene.user(session, "wang"), drawn(), key=KEY, at=scene.at)
        assert b"PNG" not in first.image_sealed
        second = signature_images.put(session, scene.user(session, "wang"), drawn(200, 80), key=KEY, at=scene.at)
        png = signature_images.png_of(second, KEY)
        assert Image.open(io.BytesIO(png)).size == (200, 80)
        assert signature_images.remove(session, scene.user(session, "wang"), at=scene.at)
        assert not signature_images.remove(session, scene.user(session, "wang"), at=scene.at)
        assert signature_images.in_use(session, scene.users["wang"]) is None
        assert len(session.scalars(select(SignatureImage)).all()) == 2
        acts = session.scalars(select(AccountEvent.act).where(AccountEvent.user_id == scene.users["wang"])).all()
    assert acts == [AccountAct.SIGNATURE_PUT, AccountAct.SIGNATURE_PUT, AccountAct.SIGNATURE_REMOVED]


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (b"GIF89a", "image_no_png"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "image_no_png"),
        (drawn()[:-40], "image_no_png"),
        (drawn(1201, 100), "image_size"),
        (drawn(300, 601), "image_size"),
        (drawn(59, 100), "image_size"),
        (b"\x89PNG" * 60_000, "image_too_large"),
    ],
    ids=["gif", "no_picture", "cut_off", "too_wide", "too_high", "tiny", "too_many_bytes"],
)
def test_what_is_no_picture_of_a_fit_size_is_not_kept(
    held: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_ultralytics_leaves_it(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("pi_heif")

    monkeypatch.setattr(Image, "open", as_ultralytics_leaves_it)
    with pytest.raises(PaperRefused) as refused:
        signature_images.written_anew(held)
    assert refused.value.why == reason


def test_what_else_was_in_a_picture_file_is_not_kept() -> None:
    said = PngInfo()
    said.add_text("Author", "somebody's camera, somebody's house")
    written = io.BytesIO()
    Image.open(io.BytesIO(drawn())).save(written, "PNG", pnginfo=said)
    assert b"somebody" in written.getvalue()
    held, width, height = signature_images.written_anew(written.getvalue())
    assert b"somebody" not in held
    assert (width, height) == (300, 100)


def _flipped(held: bytes, at: int) -> bytes:
    changed = bytearray(held)
    changed[at] ^= 1
    return bytes(changed)
