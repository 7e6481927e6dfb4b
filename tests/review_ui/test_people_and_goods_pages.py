"""The pages of people and goods: entered once, masked, looked at with a reason; taken, asked for, approved, gone."""

import hashlib
import inspect
import logging
import re
import secrets
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import accounts, credit_notes, goods, parties, party_numbers, witnesses
from cases.casework import officers
from cases.casework.steps import By
from cases.goods_findings import Problem
from cases.languages import LANGUAGES, Language
from cases.parties import Entry
from cases.site_file import VehicleEntry
from cases.vehicle_register import register_vehicle
from evidence.vault import Vault
from models.database import reading, transaction
from models.enums import (
    CaseSource,
    GoodsFate,
    GoodsKind,
    GoodsMove,
    GoodsRequestState,
    MeasureKind,
    PartyAct,
    PartyKind,
    PartyNoteKind,
    PartyNumberKind,
    PartyRole,
    QualificationKind,
    Role,
)
from models.parties import GoodsItem, GoodsMeasure, GoodsPicture, GoodsRequest, GoodsStore, Party, PartyEvent, Witness
from models.people import UserSession
from models.records import FileRecord
from review_ui import goods_pages, party_pages, people_pages
from review_ui.catalog import load
from review_ui.settings import ReviewSettings
from tests.cases.file_scene import COMPANY_CODE, KEY, ZHANG_ID, open_file
from tests.conftest import Database, sqlite_copy
from tests.patience import PATIENCE_S
from tests.review_ui.conftest import draw_frame, serve, token_in
from tests.rows import NOON, add_street, add_user, after

PEOPLE = {"wang": Role.OFFICER, "zhao": Role.OFFICER, "sun": Role.LEADER}
ZHANG = {
    "kind": "person",
    "role": "party",
    "name": "张三",
    "number_kind": "resident_id",
    "number": ZHANG_ID,
    "phone": "13800000000",
    "address": "临海市古城街道东门后街 12 号",
}
CLEAR = ("张三", ZHANG_ID, "13800000000", "东门后街")

WORDED: dict[str, type[StrEnum]] = {
    "party_kind": PartyKind,
    "party_number_kind": PartyNumberKind,
    "party_role": PartyRole,
    "party_act": PartyAct,
    "party_note_kind": PartyNoteKind,
    "measure_kind": MeasureKind,
    "goods_kind": GoodsKind,
    "goods_fate": GoodsFate,
    "goods_move": GoodsMove,
    "goods_request_state": GoodsRequestState,
    "goods_problem": Problem,
}
REFUSING = (parties, party_numbers, witnesses, credit_notes, goods, party_pages, goods_pages, people_pages)


@dataclass(frozen=True)
class Bureau:
    database: Database
    vault_root: Path
    file_id: uuid.UUID
    browsers: dict[str, httpx.Client]

    def post(self, who: str, path: str, **form: str) -> httpx.Response:
        """Pressed on a page of ours; the answer itself, wherever it leads."""
        page = self.browsers[who].get(self.at("people"))
        return self.browsers[who].post(path, data=form | {"csrf_token": token_in(page.text)})

    def at(self, tab: str) -> str:
        return f"/cases/{self.file_id}/{tab}"

    def only(self, table: type) -> uuid.UUID:
        with reading(self.database.sessions) as session:
            return session.scalars(select(table)).one().id


@pytest.fixture
def bureau(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bureau]:
    for database in sqlite_copy(migrated_sqlite, tmp_path):
        settings = ReviewSettings(
            database.sessions, tmp_path / "vault", tmp_path / "drafts", personal_data_key=KEY, languages=("en", "zh")
        )
        with transaction(database.sessions) as session:
            tokens = {name: _signed_in(session, name, role) for name, role in PEOPLE.items()}
            file = open_file(session, accounts.user_named(session, "wang"))
        with ExitStack() as closing:
            for url in serve(settings, lambda: after(3600)):
                browsers = {}
                for name, token in tokens.items():
                    headers = {"accept": "text/html", "sec-fetch-site": "same-origin"}
                    client = closing.enter_context(
                        httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=PATIENCE_S)
                    )
                    client.cookies.set("session", token, domain="127.0.0.1")
                    browsers[name] = client
                yield Bureau(database, settings.vault_root, file.id, browsers)
                closing.close()


def _signed_in(session: Session, name: str, role: Role) -> str:
    """The token of somebody's session, without the work that a password takes."""
    user = add_user(session, name, display_name=name, role=role)
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            token_digest=hashlib.sha256(token.encode()).hexdigest(),
            user_id=user.id,
            csrf_token=secrets.token_urlsafe(16),
            created_at=after(3000),
            seen_at=after(3600),
            expires_at=after(86_400),
        )
    )
    session.flush()
    return token


def test_somebody_is_entered_masked_found_again_and_shown_in_clear_only_to_who_says_what_for(
    bureau: Bureau, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert bureau.post("wang", bureau.at("people/enter"), **ZHANG).status_code == 303
    party_id = bureau.only(Party)
    page = bureau.browsers["wang"].get(bureau.at("people")).text
    assert "张**" in page
    assert "110***********002X" in page
    assert "In no other case file" in page
    found = bureau.post("sun", "/parties", q=ZHANG_ID)
    assert f'href="/parties/{party_id}"' in found.text
    entry = bureau.browsers["sun"].get(f"/parties/{party_id}").text
    assert not any(word in text for word in CLEAR for text in (page, entry))
    refused = bureau.post("sun", f"/parties/{party_id}/look", reason=" ")
    assert refused.status_code == 409
    assert "张三" not in refused.text
    seen = bureau.post("sun", f"/parties/{party_id}/look", reason="核对送达地址")
    assert seen.status_code == 200
    assert all(word in seen.text for word in CLEAR[:2])
    assert "张三" not in bureau.browsers["sun"].get(f"/parties/{party_id}").text
    with reading(bureau.database.sessions) as session:
        looks = session.scalars(select(PartyEvent).where(PartyEvent.act == PartyAct.LOOKED)).all()
        assert [(each.actor, each.reason) for each in looks] == [("sun", "核对送达地址")]
    assert not any(word in caplog.text for word in CLEAR)


def test_a_likely_double_is_shown_with_everything_that_was_typed_and_joined_or_entered_anew(bureau: Bureau) -> None:
    with transaction(bureau.database.sessions) as session:
        by = By("zhao")
        known = parties.enter(session, KEY, Entry(PartyKind.PERSON, "张三", phone="13800000000"), by=by, at=NOON)
    typed = ZHANG | {"role": "agent", "letter": "委托书 7"}
    shown = bureau.post("wang", bureau.at("people/enter"), **typed)
    assert shown.status_code == 409
    assert "Is it one of these" in shown.text
    assert all(f'value="{value}"' in shown.text for value in ("张三", ZHANG_ID, "委托书 7"))
    assert bureau.post("wang", bureau.at("people/enter"), **typed, same=str(uuid.uuid4())).status_code == 404
    assert bureau.post("wang", bureau.at("people/enter"), **typed, same=str(known.id)).status_code == 303
    assert bureau.post("wang", bureau.at("people/enter"), **ZHANG, another="true").status_code == 303
    with reading(bureau.database.sessions) as session:
        links = parties.parties_of(session, bureau.file_id)
        assert [each.role for each in links] == [PartyRole.PARTY, PartyRole.AGENT]
        assert links[0].party_id != links[1].party_id == known.id
        other = links[0].party_id
    merged = bureau.post("wang", f"/parties/{other}/merge", other=str(known.id), reason="同一人")
    assert merged.status_code == 303
    assert "found to be one with another" in bureau.browsers["wang"].get(f"/parties/{known.id}").text
    apart = bureau.post("wang", f"/parties/{other}/unmerge", other=str(known.id), reason="不是同一人")
    assert apart.status_code == 303
    again = bureau.post("wang", f"/parties/{other}/unmerge", other=str(known.id), reason="不是同一人")
    assert (again.status_code, "not joined to this one" in again.text) == (409, True)


def test_the_keeper_of_the_vehicle_is_the_party_by_one_press_and_a_namesake_is_shown_first(bureau: Bureau) -> None:
    with transaction(bureau.database.sessions) as session:
        street = add_street(session)
        register_vehicle(session, KEY, VehicleEntry(plate="浙J12345", owner="车主甲", phone="+8613800000000"))
        known = parties.enter(session, KEY, Entry(PartyKind.PERSON, "车主甲"), by=By("zhao"), at=NOON)
        seen = {"source": CaseSource.CAMERA, "source_note": "", "incident_id": street.incident.id}
        file = open_file(session, accounts.user_named(session, "wang"), after(60), **seen)
    people = f"/cases/{file.id}/people"
    assert f'action="{people}/keeper"' in bureau.browsers["wang"].get(people).text
    shown = bureau.post("wang", f"{people}/keeper")
    assert (shown.status_code, f'value="{known.id}"' in shown.text, "车主甲" in shown.text) == (409, True, False)
    assert bureau.post("wang", f"{people}/keeper", another="1").status_code == 303
    page = bureau.browsers["wang"].get(people).text
    assert all(word in page for word in ("车**", "+86*********00", "浙J12345"))
    assert "/keeper" not in page


REFUSALS: list[tuple[str, dict[str, str], str]] = [
    ("people/enter", ZHANG | {"number": "110105194912310021"}, "no resident&#39;s number"),
    ("people/enter", ZHANG | {"kind": "company"}, "credit code and no resident"),
    ("people/keeper", {}, "does not know whose vehicle"),
    ("people/vehicles", {"plate": "?"}, "That is no plate"),
    ("people/witnesses", {"name": "李四", "statement": "看见", "heard_on": "soon"}, "Write the day as"),
    ("people/corroboration", {"because": " "}, "Write the reason"),
    (
        "goods/measures",
        {"kind": "prior_registration", "taken_on": "2026-03-02", "legal_basis": "-"},
        "number of the paper",
    ),
    ("goods/measures", {"kind": "seizure", "document": "1", "taken_on": "2026-03-09"}, "has not come yet"),
]


def test_every_refusal_is_a_page_with_a_sentence(bureau: Bureau) -> None:
    for path, form, sentence in REFUSALS:
        refused = bureau.post("wang", bureau.at(path), **form)
        assert (refused.status_code, sentence in refused.text) == (409, True), (path, form)


def test_a_company_a_vehicle_a_witness_and_what_they_bear_out(bureau: Bureau) -> None:
    company = {"kind": "company", "role": "party", "name": "古城餐饮", "number_kind": "credit_code"}
    assert bureau.post("wang", bureau.at("people/enter"), **company, number=COMPANY_CODE).status_code == 303
    party_id = str(bureau.only(Party))
    vehicle = {"plate": "浙J12345", "vehicle_class": "小型汽车", "colour": "白", "keeper_id": party_id}
    assert bureau.post("wang", bureau.at("people/vehicles"), **vehicle).status_code == 303
    heard = {"name": "李四", "statement": "看见他摆摊。", "heard_on": "2026-03-02", "phone": "13900000000"}
    assert bureau.post("wang", bureau.at("people/witnesses"), **heard).status_code == 303
    witness_id = str(bureau.only(Witness))
    borne_out = {"witness_id": witness_id, "fact": "经营时间"}
    assert bureau.post("wang", bureau.at("people/corroboration"), **borne_out).status_code == 303
    page = bureau.browsers["wang"].get(bureau.at("people")).text
    assert all(word in page for word in ("古城餐饮", COMPANY_CODE, "浙J12345", "李**", "经营时间"))
    assert "看见他摆摊" not in page
    said = bureau.post("zhao", bureau.at(f"people/witnesses/{witness_id}/look"), reason="复核")
    assert "看见他摆摊" in said.text
    assert "浙J12345" in bureau.browsers["sun"].get(f"/parties/{party_id}").text


def test_a_note_is_added_with_its_basis_shown_on_the_file_and_removed_with_a_reason(bureau: Bureau) -> None:
    bureau.post("wang", bureau.at("people/enter"), **ZHANG)
    party_id = bureau.only(Party)
    note = {"kind": "hardship", "text": "低保户", "from_on": "2026-03-01", "expires_on": "2027-03-01"}
    refused = bureau.post("wang", f"/parties/{party_id}/notes", **note)
    assert (refused.status_code, "needs its legal basis" in refused.text, "低保户" in refused.text) == (409, True, True)
    added = bureau.post("wang", f"/parties/{party_id}/notes", **note, legal_basis="行政处罚法第六十六条")
    assert added.status_code == 303
    assert "低保户" in bureau.browsers["zhao"].get(bureau.at("people")).text
    form = re.search(
        rf"/parties/{party_id}/notes/[0-9a-f-]+/remove", bureau.browsers["wang"].get(f"/parties/{party_id}").text
    )
    assert form
    assert bureau.post("wang", form[0], reason="情况已变").status_code == 303
    assert "低保户" not in bureau.browsers["zhao"].get(bureau.at("people")).text


def test_a_cart_is_taken_approved_pictured_released_and_leaves_by_two_people(bureau: Bureau, tmp_path: Path) -> None:
    opened = bureau.post("wang", "/stores", name="城南仓库", place="城南路 1 号")
    assert opened.status_code == 303
    taken = {"kind": "seizure", "document": "扣-1", "legal_basis": "条例", "reason": "工具", "taken_on": "2026-03-02"}
    assert bureau.post("wang", bureau.at("goods/measures"), **taken).status_code == 303
    measure = bureau.at(f"goods/measures/{bureau.only(GoodsMeasure)}")
    assert "has not been approved" in bureau.browsers["wang"].get("/stores").text
    assert "head of the bureau decides" in bureau.post("zhao", f"{measure}/approve").text
    assert bureau.post("sun", f"{measure}/approve").status_code == 303
    cart = {"kind": "tool", "name": "三轮车", "quantity": "1", "unit": "辆", "condition": "完好"}
    without = bureau.post("wang", f"{measure}/items", **cart)
    assert (without.status_code, "Choose a store" in without.text, "三轮车" in without.text) == (409, True, True)
    assert bureau.post("wang", f"{measure}/items", **cart, store=str(bureau.only(GoodsStore))).status_code == 303
    item = bureau.at(f"goods/items/{bureau.only(GoodsItem)}")
    _, encoded = cv2.imencode(".jpg", draw_frame(1))
    form = {"csrf_token": token_in(bureau.browsers["wang"].get(bureau.at("people")).text)}
    for name, content, status in [("cart.jpg", encoded.tobytes(), 303), ("cart.pdf", b"%PDF-1.7", 409)]:
        sent = bureau.browsers["wang"].post(f"{item}/pictures", data=form, files={"picture": (name, content)})
        assert sent.status_code == status, name
    shown = bureau.browsers["sun"].get(f"{item}/pictures/1")
    assert (shown.headers["content-type"], shown.content) == ("image/jpeg", encoded.tobytes())
    with reading(bureau.database.sessions) as session:
        sha256 = session.scalars(select(GoodsPicture.sha256)).one()
    assert Vault.path_of(bureau.vault_root, sha256, ".jpg").exists()
    ruling = {"fate": "return", "document": "解-1", "reason": "已处理", "on": "2026-03-02"}
    too_much = bureau.post("wang", f"{item}/rule", **ruling, quantity="2")
    assert (too_much.status_code, "Only 1 is undecided" in too_much.text) == (409, True)
    assert bureau.post("wang", f"{item}/rule", **ruling, quantity="1").status_code == 303
    leaving = {"fate": "return", "quantity": "1", "reason": "退还", "receiver": "当事人"}
    assert bureau.post("wang", f"{item}/ask", **leaving).status_code == 303
    request = bureau.at(f"goods/requests/{bureau.only(GoodsRequest)}")
    own = bureau.post("wang", f"{request}/decide", agrees="true")
    assert (own.status_code, "another person does" in own.text) == (409, True)
    assert bureau.post("zhao", f"{request}/decide", agrees="true").status_code == 303
    assert bureau.post("wang", f"{request}/carry-out", on="2026-03-02").status_code == 303
    twice = bureau.post("wang", f"{request}/carry-out", on="2026-03-02")
    assert (twice.status_code, "was carried out" in twice.text) == (409, True)
    store = bureau.browsers["sun"].get(f"/stores/{bureau.only(GoodsStore)}").text
    assert "Nothing is kept here" in store
    with reading(bureau.database.sessions) as session:
        assert goods.still_held(session, bureau.file_id) == ()
        assert session.scalars(select(GoodsRequest)).one().state is GoodsRequestState.DONE


def test_a_thing_of_another_case_file_is_not_reached_through_this_one(bureau: Bureau) -> None:
    taken = {"kind": "sealing", "document": "封-1", "legal_basis": "条例", "reason": "工具", "taken_on": "2026-03-02"}
    bureau.post("wang", bureau.at("goods/measures"), **taken)
    measure_id = bureau.only(GoodsMeasure)
    with transaction(bureau.database.sessions) as session:
        other = open_file(session, accounts.user_named(session, "zhao"), after(60), title="另一件")
    wrong = f"/cases/{other.id}/goods/measures/{measure_id}/end"
    assert bureau.post("wang", wrong, document="解-1", on="2026-03-02").status_code == 404
    right = bureau.at(f"goods/measures/{measure_id}/end")
    assert bureau.post("wang", right, document="解-1", on="2026-03-02").status_code == 303


def test_a_record_is_kept_as_typed_for_its_writers_alone_and_shown_to_who_says_what_for(bureau: Bureau) -> None:
    with transaction(bureau.database.sessions) as session:
        for number, name in enumerate(("wang", "zhao"), start=1):
            user = accounts.user_named(session, name)
            kind, since = QualificationKind.ENFORCEMENT, NOON.date()
            officers.record_qualification(
                session, user, kind, f"33-{number}", valid_from=since, valid_to=None, by="admin", at=after(60)
            )
        first, second = (str(accounts.user_named(session, name).id) for name in ("wang", "zhao"))
    assert bureau.post("wang", bureau.at("records"), kind="inspection").status_code == 303
    at = bureau.at(f"records/{bureau.only(FileRecord)}")
    form = {
        "place": "北门",
        "begun": "2026-03-02T12:30",
        "first": first,
        "second": "",
        "asked": "nobody",
        "revision": "1",
    }
    kept = bureau.post("wang", at, **form, say="摊位占了人行道。", pick="scene")
    assert kept.status_code == 303
    page = bureau.browsers["wang"].get(at).text
    assert all(word in page for word in ("摊位占了人行道。", "现场情况：", 'name="revision" value="2"'))
    stale = bureau.post("wang", at, **form, say="另写一遍。")
    assert (stale.status_code, "Somebody else wrote" in stale.text, "另写一遍。" in stale.text) == (409, True, True)
    for name in ("zhao", "sun"):
        assert "摊位占了" not in bureau.browsers[name].get(at).text
        assert bureau.post(name, at, **form | {"revision": "2"}, say="我来写。").status_code == 409
    form["revision"] = "2"
    alone = bureau.post("wang", f"{at}/read", **form, say="摊位占了人行道。")
    assert (alone.status_code, "two different people" in alone.text, "摊位占了" in alone.text) == (409, True, True)
    form |= {"revision": "3", "second": second}
    assert bureau.post("wang", f"{at}/read", **form, say="摊位占了人行道。").status_code == 303
    unseen = bureau.post("zhao", f"{at}/finish", ending="absent", reason="摊主离开")
    assert (unseen.status_code, "Name a witness" in unseen.text, "摊主离开" in unseen.text) == (409, True, True)
    assert bureau.post("zhao", f"{at}/finish", ending="absent", reason="摊主离开", witness="王某").status_code == 303
    assert "摊位占了" not in bureau.browsers["wang"].get(at).text
    assert "摊位占了" in bureau.post("sun", f"{at}/look", reason="复核").text
    with transaction(bureau.database.sessions) as session:
        other = open_file(session, accounts.user_named(session, "zhao"), after(60), title="另一件")
    assert bureau.browsers["wang"].get(f"/cases/{other.id}/records/{at.rpartition('/')[2]}").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_people_and_goods_and_every_refusal_has_its_sentence(language: Language) -> None:
    sentences = load(language).sentences
    needed = {f"{section}.{word.value}" for section, words in WORDED.items() for word in words}
    for module in REFUSING:
        source = inspect.getsource(module)
        whys = re.findall(r'FileRefused\(\s*"(\w+)"', source) + re.findall(r'_words\([\w.]+, "(\w+)"', source)
        needed |= {f"file_refused.{why}" for why in whys}
    assert len(needed) > 100
    assert needed <= sentences.keys()
