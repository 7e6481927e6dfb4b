"""Derivatives as rows, on both engines: asked for once, made once, found by code, and no row says half."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from evidence.custody import entry_of
from evidence.custody_chain import breaks
from evidence.derivatives import requests
from evidence.derivatives.anti_forgery import code_of
from evidence.derivatives.caption import caption_of, time_in_strip
from evidence.derivatives.recipe import Part, Recipe
from evidence.errors import DerivativeRefused
from evidence.sealing import PendingExhibit, seal
from evidence.vault import Vault
from models.database import reading, transaction
from models.derivatives import Derivative
from models.enums import CustodyAct, DerivativeForm, DerivativeState, ExhibitKind, ExhibitMoment
from models.exhibits import CustodyEvent, Exhibit
from models.retention import Deletion
from tests.conftest import Database
from tests.rows import Street, add_street, after


@pytest.fixture
def vault_root(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def scene(database: Database, vault_root: Path) -> tuple[Street, list[Exhibit]]:
    """A street with two sealed stills."""
    stills = []
    with Vault.open(vault_root) as vault, transaction(database.sessions) as session:
        street = add_street(session)
        for number, moment in enumerate((ExhibitMoment.ENTRY, ExhibitMoment.DWELL_COMPLETE)):
            pending = vault.take(lambda path, n=number: path.write_bytes(b"still %d" % n), ".jpg")
            at = after(12 + 60 * number)
            exhibit = PendingExhibit(pending, ExhibitKind.STILL, moment, "image/jpeg", at, at, {})
            stills.append(seal(session, vault, street.incident.id, exhibit, actor="streetwitness", at=at))
            vault.settle(pending)
    return street, stills


def ask(database: Database, scene: tuple[Street, list[Exhibit]], form: DerivativeForm, **differs: object) -> Derivative:
    street, stills = scene
    exhibit = None if form is DerivativeForm.CONTACT_SHEET else stills[0].id
    with transaction(database.sessions) as session:
        values: dict[str, object] = {"by": "li.na", "reason": "for the owner", "at": after(100)} | differs
        return requests.ask(session, street.incident.id, form, exhibit, **values)  # type: ignore[arg-type]


def made(database: Database, vault_root: Path, row: Derivative, scene: tuple[Street, list[Exhibit]]) -> bool:
    """As a worker would leave it, without drawing anything."""
    _, stills = scene
    originals = stills if row.form is DerivativeForm.CONTACT_SHEET else stills[:1]
    with reading(database.sessions) as session:
        incident = requests.incident_of(session, row)
        captions = [caption_of(incident, each, masked=True, language="zh") for each in originals]
    recipe = Recipe(
        form=row.form,
        parts=tuple(
            Part(original_sha256=each.sha256, kind=each.kind, moment=each.moment, caption=caption)
            for each, caption in zip(originals, captions, strict=True)
        ),
        width=640,
        height=360,
        encoder="none",
        settings={},
        libraries={},
        same_bytes="the same bytes",
    )
    with Vault.open(vault_root) as vault:
        pending = vault.take(lambda path: path.write_bytes(row.id.bytes), ".jpg")
        with transaction(database.sessions) as session:
            kept = requests.made(session, vault, row.id, pending, "image/jpeg", recipe, at=after(101))
        vault.settle(pending)
    return kept


def test_asked_for_made_and_found_by_the_code_on_it(
    database: Database, vault_root: Path, scene: tuple[Street, list[Exhibit]]
) -> None:
    street, stills = scene
    rows = [ask(database, scene, form) for form in (DerivativeForm.STILL, DerivativeForm.CONTACT_SHEET)]
    assert ask(database, scene, DerivativeForm.STILL, by="wang.wei").id == rows[0].id
    assert [made(database, vault_root, row, scene) for row in rows] == [True, True]
    assert made(database, vault_root, rows[0], scene) is False
    with reading(database.sessions) as session:
        assert requests.to_do(session) == []
        first, second = (code_of(still.sha256) for still in stills)
        assert {row.form for row in requests.by_code(session, first)} == {row.form for row in rows}
        (sheet,) = requests.by_code(session, second)
        assert [each.id for each in requests.originals_with(session, sheet, second)] == [stills[1].id]
        record = session.query(CustodyEvent).filter_by(incident_id=street.incident.id).order_by(CustodyEvent.seq).all()
        derived = [event.sha256 for event in record if event.act is CustodyAct.DERIVED]
        assert sorted(filter(None, derived)) == sorted([stills[0].sha256, stills[0].sha256, stills[1].sha256])
        assert breaks([entry_of(event) for event in record], str(street.incident.id)) == []


def test_a_language_is_another_strip_and_without_a_strip_it_is_the_same(
    database: Database, scene: tuple[Street, list[Exhibit]]
) -> None:
    captioned = {ask(database, scene, DerivativeForm.STILL, language=each).id for each in ("zh", "en")}
    plain = {ask(database, scene, DerivativeForm.STILL, language=each, captioned=False).id for each in ("zh", "en")}
    assert (len(captioned), len(plain)) == (2, 1)


def test_what_failed_is_tried_again_when_it_is_asked_for_again(
    database: Database, scene: tuple[Street, list[Exhibit]]
) -> None:
    row = ask(database, scene, DerivativeForm.STILL)
    with transaction(database.sessions) as session:
        requests.failed(session, row.id, "the bytes are not those that were sealed " + "x" * 600)
    with reading(database.sessions) as session:
        assert session.get_one(Derivative, row.id).state is DerivativeState.FAILED
        assert requests.to_do(session) == []
    again = ask(database, scene, DerivativeForm.STILL, by="wang.wei")
    assert (again.id, again.state, again.failure, again.asked_by) == (
        row.id,
        DerivativeState.ASKED,
        None,
        "wang.wei",
    )


def test_an_exhibit_of_another_incident_is_refused(database: Database, scene: tuple[Street, list[Exhibit]]) -> None:
    street, _ = scene
    with transaction(database.sessions) as session, pytest.raises(DerivativeRefused, match="none of this incident"):
        requests.ask(
            session,
            street.incident.id,
            DerivativeForm.STILL,
            street.incident.id,
            by="li.na",
            reason="none",
            at=after(100),
        )


def test_of_what_was_deleted_by_rule_nothing_is_made(database: Database, scene: tuple[Street, list[Exhibit]]) -> None:
    street, stills = scene
    row = ask(database, scene, DerivativeForm.STILL)
    with transaction(database.sessions) as session:
        session.add(
            Deletion(
                sha256=stills[0].sha256,
                size_bytes=7,
                belonged_to=[],
                why="dismissed",
                rule="a rule",
                actor="streetwitness",
                intended_at=after(200),
            )
        )
    with reading(database.sessions) as session, pytest.raises(DerivativeRefused, match="deleted by rule"):
        requests.originals_of(session, session.get_one(Derivative, row.id))
    with pytest.raises(DerivativeRefused, match="deleted by rule"):
        ask(database, scene, DerivativeForm.STILL, language="en")
    with transaction(database.sessions) as session:
        outside = requests.ask_for_outside(session, street.incident.id, by="li.na", reason="owner", at=after(300))
        assert [each.exhibit_id for each in outside] == [stills[1].id, None]


HALF: dict[str, dict[str, object]] = {
    "made without bytes": {"state": DerivativeState.MADE},
    "failed without why": {"state": DerivativeState.FAILED},
    "why without failing": {"failure": "no reason to"},
    "a sheet of one": {"form": DerivativeForm.CONTACT_SHEET},
    "no reason": {"reason": ""},
    "no digest for a key": {"key": "short"},
    "a recipe of nothing": {"recipe": {"how": "derive"}},
}


def test_the_database_refuses_a_row_that_says_half(database: Database, scene: tuple[Street, list[Exhibit]]) -> None:
    row = ask(database, scene, DerivativeForm.STILL)
    with transaction(database.sessions) as session:
        for values in HALF.values():
            with pytest.raises(IntegrityError), session.begin_nested():
                session.execute(update(Derivative).where(Derivative.id == row.id).values(**values))


@pytest.mark.parametrize(("language", "says"), [("zh", "防伪码"), ("en", "Anti-forgery code")])
def test_the_strip_says_time_place_device_fence_and_code(
    database: Database, scene: tuple[Street, list[Exhibit]], language, says: str
) -> None:
    street, stills = scene
    row = ask(database, scene, DerivativeForm.STILL)
    with reading(database.sessions) as session:
        caption = caption_of(requests.incident_of(session, row), stills[0], masked=True, language=language)
    words = " ".join(caption.fields)
    for said in (says, caption.code, "North gate", "330101000013200001", "no-stopping-7", "28.650000, 121.260000"):
        assert said in words
    assert hashlib.sha256(b"still 0").hexdigest()[:16] in words
    assert time_in_strip(caption, 0.0) == "2026-03-02 12:00:12.000 (UTC+08:00)"
    assert time_in_strip(caption, 1.25) == "2026-03-02 12:00:13.250 (UTC+08:00)"
    assert street.geofence.id in words
