"""Derivatives at the desk: asked for and taken along with a reason, made by the worker, found by their code."""

import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from evidence.content_credentials import ContentCredentials, read_credentials
from evidence.derivatives import requests
from evidence.vault import Vault
from ingest.derive import derive
from models.database import reading
from models.derivatives import Derivative
from models.digest import sha256_of
from models.enums import CustodyAct, DerivativeForm, DerivativeState
from models.exhibits import CustodyEvent
from tests.detectors.stand_in import StandInDetector
from tests.evidence.identity import write_identity
from tests.review_ui.conftest import RunningDesk, serve, token_in
from tests.rows import after


def rows_of(desk: RunningDesk) -> list[Derivative]:
    with reading(desk.database.sessions) as session:
        return requests.of_incident(session, desk.incident_id)


def make_all(desk: RunningDesk) -> None:
    with Vault.open(desk.settings.vault_root) as vault:
        for row in rows_of(desk):
            derive(desk.database.sessions, vault, row.id, detector=StandInDetector, clock=lambda: after(3600))


def entries(desk: RunningDesk, act: CustodyAct) -> list[CustodyEvent]:
    with reading(desk.database.sessions) as session:
        return session.query(CustodyEvent).filter_by(incident_id=desk.incident_id, act=act).all()


def ask(desk: RunningDesk, what: str, reason: str = "for the hearing", language: str = "en"):
    browser = desk.signed_in()
    form = {"csrf_token": token_in(browser.get("/").text), "what": what, "reason": reason}
    headers = {"accept-language": language}
    return browser.post(f"/incidents/{desk.incident_id}/derivatives", data=form, headers=headers)


def test_a_clip_is_asked_for_made_and_taken_along_with_the_reason_on_record(desk: RunningDesk) -> None:
    (clip,) = desk.exhibits_of_kind("clip")
    before = {row.id for row in rows_of(desk)}
    assert ask(desk, f"preview:{clip.id}:masked").status_code == 303
    (row,) = [row for row in rows_of(desk) if row.id not in before]
    assert (row.form, row.masked, row.state) == (DerivativeForm.PREVIEW, True, DerivativeState.ASKED)
    browser = desk.signed_in()
    page = browser.get(f"/incidents/{desk.incident_id}").text
    assert "being made" in page
    assert browser.post(f"/derivatives/{row.id}", data={"csrf_token": token_in(page), "reason": "x"}).status_code == 404
    make_all(desk)
    page = browser.get(f"/incidents/{desk.incident_id}").text
    assert f'formaction="/derivatives/{row.id}"' in page
    taken = browser.post(f"/derivatives/{row.id}", data={"csrf_token": token_in(page), "reason": "sent to the owner"})
    assert taken.headers["content-type"] == "video/mp4"
    (exported,) = entries(desk, CustodyAct.EXPORTED)
    assert exported.reason == "preview, masked: sent to the owner"
    assert "for the hearing" in {event.reason.rpartition(": ")[2] for event in entries(desk, CustodyAct.DERIVED)}
    (desk.settings.drafts_dir.parent / "taken").write_bytes(taken.content)
    assert sha256_of(desk.settings.drafts_dir.parent / "taken") == exported.sha256


def test_the_page_offers_each_still_masked_and_for_the_file(desk: RunningDesk) -> None:
    page = desk.signed_in().get(f"/incidents/{desk.incident_id}").text
    for still in desk.exhibits_of_kind("still"):
        assert f"still:{still.id}:plain" in page
    make_all(desk)
    again = desk.signed_in().get(f"/incidents/{desk.incident_id}").text
    assert again.count('formaction="/derivatives/') == 3, "two stills and the sheet came with the draft"


@pytest.mark.parametrize("what", ["still", "still::masked", "film:x:masked", "still:not-an-id:masked", "clip::plain"])
def test_what_no_button_of_ours_says_is_refused_with_a_sentence(desk: RunningDesk, what: str) -> None:
    refused = ask(desk, what)
    assert refused.status_code == 409
    assert "choose what the incident" in refused.text


def test_a_still_cannot_be_made_from_a_clip(desk: RunningDesk) -> None:
    (clip,) = desk.exhibits_of_kind("clip")
    assert ask(desk, f"still:{clip.id}:masked").status_code == 409


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_is_made_and_nothing_leaves(desk: RunningDesk, reason: str) -> None:
    make_all(desk)
    count = len(rows_of(desk))
    assert ask(desk, "contact_sheet::masked", reason).status_code == 400
    assert len(rows_of(desk)) == count
    browser = desk.signed_in()
    form = {"csrf_token": token_in(browser.get("/").text), "reason": reason}
    refused = browser.post(f"/derivatives/{rows_of(desk)[0].id}", data=form)
    assert refused.status_code == 400
    assert "Say what it is for" in refused.text
    assert entries(desk, CustodyAct.EXPORTED) == []


def test_strangers_and_forged_forms_get_nothing(desk: RunningDesk) -> None:
    make_all(desk)
    row = rows_of(desk)[0]
    assert desk.browser().post(f"/derivatives/{row.id}", data={"csrf_token": "x"}).status_code == 401
    assert desk.browser().get("/codes").status_code == 303
    forged = desk.signed_in().post(f"/derivatives/{row.id}", data={"csrf_token": "x", "reason": "mine"})
    assert forged.status_code == 403
    assert entries(desk, CustodyAct.EXPORTED) == []


def test_a_derivative_that_is_none_is_not_found(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    form = {"csrf_token": token_in(browser.get("/").text), "reason": "x"}
    assert browser.post(f"/derivatives/{uuid.uuid4()}", data=form).status_code == 404


def test_one_whose_bytes_are_gone_says_so(desk: RunningDesk) -> None:
    make_all(desk)
    row = rows_of(desk)[0]
    assert row.sealed is not None
    Vault.path_of(desk.settings.vault_root, row.sealed.sha256, row.sealed.suffix).unlink()
    browser = desk.signed_in()
    form = {"csrf_token": token_in(browser.get("/").text), "reason": "for the owner"}
    answer = browser.post(f"/derivatives/{row.id}", data=form)
    assert answer.status_code == 404
    assert "the vault does not hold this file" in answer.text


def test_a_code_typed_from_a_print_finds_its_original_and_a_wrong_one_does_not(desk: RunningDesk) -> None:
    make_all(desk)
    (row,) = [each for each in rows_of(desk) if each.form is DerivativeForm.CONTACT_SHEET]
    assert row.codes is not None
    code = row.codes.split()[0]
    browser = desk.signed_in()
    original = desk.exhibits_of_kind("still")[0]
    page = browser.get("/codes", params={"code": code.lower().replace("-", " ")}).text
    assert f"sha256:{original.sha256}" in page
    assert f"/incidents/{desk.incident_id}" in page
    assert "No original has this code" in browser.get("/codes", params={"code": "0000-0000-0000"}).text
    assert "twelve letters and digits" in browser.get("/codes", params={"code": "%' OR 1"}).text


def test_missing_parts_say_whether_they_can_still_be_had(desk: RunningDesk) -> None:
    page = desk.signed_in().get(f"/incidents/{desk.incident_id}").text
    assert "only by a person on the spot" in page
    assert "can no longer be had" in page


def test_one_taken_along_with_credentials_says_inside_how_it_was_made(desk: RunningDesk, tmp_path: Path) -> None:
    pytest.importorskip("c2pa", reason="Content Credentials are an option: pip install streetwitness[credentials]")
    write_identity(tmp_path / "identity", ed25519.Ed25519PrivateKey.generate())
    credentials = ContentCredentials.opened(tmp_path / "identity", ("StreetWitness", "0.1.0"))
    make_all(desk)
    row = rows_of(desk)[0]
    for url in serve(replace(desk.settings, credentials=credentials)):
        browser = replace(desk, url=url).signed_in()
        page = browser.get(f"/incidents/{desk.incident_id}").text
        form = {"csrf_token": token_in(page), "reason": "for the owner", "credentials": "1"}
        taken = browser.post(f"/derivatives/{row.id}", data=form)
    out = tmp_path / "taken.jpg"
    out.write_bytes(taken.content)
    said = read_credentials(out, "image/jpeg")
    assert said["validation_state"] == "Valid"
    assert row.recipe is not None
    assert row.recipe["parts"][0]["original_sha256"] in str(said)
    (exported,) = entries(desk, CustodyAct.EXPORTED)
    assert f"sha256:{sha256_of(out)}" in exported.reason
    assert exported.sha256 == row.sha256
