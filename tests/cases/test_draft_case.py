"""The draft case: what it states, what carries each sentence, and what speaks against it."""

import hashlib
import json
import uuid
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import draft_case
from cases.draft_content import DraftContent, Statement
from cases.draft_words import _chapters, duration
from cases.errors import UnknownIncident
from cases.languages import LANGUAGES, Bilingual
from evidence.seen_with import ClockThen
from models import enums
from models.database import reading, transaction
from models.enums import ClockMeasure, ClockSource, NoticeStatus, Offence, OutboxState, SightingKind
from models.incidents import DraftCase, Sighting
from models.people import Owner
from models.promises import Notice, OutboxMessage
from tests import rows
from tests.cases.parked_van import MADE_AT, park_van
from tests.conftest import Database
from tests.rows import after


def composed(database: Database, folder: Path, **differs: Any) -> DraftContent:
    """The draft of a parked van, as it comes back from the database."""
    with transaction(database.sessions) as session:
        draft_id = park_van(session, folder, **differs).draft(session).id
    return content_of(database, draft_id)


def content_of(database: Database, draft_id: uuid.UUID) -> DraftContent:
    with reading(database.sessions) as session:
        return DraftContent.model_validate(session.get_one(DraftCase, draft_id).content)


def said(content: DraftContent, code: str) -> Statement:
    (statement,) = [statement for statement in content.statements if statement.code == code]
    return statement


def against(content: DraftContent) -> set[str]:
    return {reason.code for reason in content.against}


def test_a_parked_van_is_told_with_who_what_where_and_when(database: Database, tmp_path: Path) -> None:
    content = composed(database, tmp_path)
    assert content.version == 1
    assert (content.who.plate, content.who.vehicle_class) == ("浙J12345", "van")
    assert said(content, "conduct").text.zh == (
        "该车自2026-03-02 12:00:12.0 UTC+08:00至2026-03-02 12:11:40.0 UTC+08:00停放于电子围栏“No stopping”"
        "（第 1 版）内，共 11分28秒，其中记录可证明的为 11分8秒；其间车辆接地范围至少 93.0% 位于围栏内。"
    )
    assert "latitude 28.650000, longitude 121.260000" in said(content, "camera_place").text.en
    stopped = said(content, "stopped").text.en
    assert stopped == "The vehicle stopped at 2026-03-02 12:00:12.0 UTC+08:00 (2026-03-02T04:00:12.0Z)."
    assert "the record shows 1 min of standing" in said(content, "dwell_complete").text.en
    assert said(content, "continuity").text.en.endswith("6 s had no usable picture, 0.9% of the whole.")
    assert content.when.grace_ends == after(672)


def test_every_statement_and_reason_points_at_something_that_is_there(database: Database, tmp_path: Path) -> None:
    with transaction(database.sessions) as session:
        unclear = rows.NO_PAPERS | {"clock_error_s": None}
        van = park_van(session, tmp_path, camera=unclear, stopped_at=after(12.7))  # found by looking back
        draft_id = van.draft(session).id
    content = content_of(database, draft_id)
    assert content.provision is not None
    exhibits = {str(entry.id) for entry in content.exhibits}
    articles = {article.id for article in content.provision.article}
    records = {
        f"incident:{van.incident.id}",
        "camera:gate-3",
        "geofence:no-stopping-7:1",
        "recording:sha256:" + hashlib.sha256(b"noon.mp4").hexdigest(),
    }
    seqs = {str(event.seq) for event in content.events}
    with reading(database.sessions) as session:
        sightings = {at.isoformat() for at in session.scalars(select(Sighting.at))}
    there = {"exhibit": exhibits, "article": articles, "record": records, "event": seqs, "sighting": sightings}
    for carried in (*content.statements, *content.against):
        assert carried.pointers, carried.code
        for pointer in carried.pointers:
            for ref in pointer.ref.split("/"):
                assert ref in there[pointer.kind], (carried.code, pointer.ref)
            assert pointer.label.zh
            assert pointer.label.en


def test_a_sentence_without_a_pointer_cannot_be_made() -> None:
    with pytest.raises(ValidationError, match="pointers"):
        Statement(code="stopped", section="when", text=Bilingual(zh="停下", en="stopped"), pointers=())


def test_the_draft_is_json_and_holds_nothing_of_the_owner(sqlite_database: Database, tmp_path: Path) -> None:
    with transaction(sqlite_database.sessions) as session:
        van = park_van(session, tmp_path)
        add_notice(session, van.incident.id, NoticeStatus.DELIVERED)
        content = van.draft(session).content
    told = json.dumps(content, ensure_ascii=False)
    assert "owner" not in told
    assert "secret" not in told  # the camera's source carries a password
    assert json.loads(told) == content


def add_notice(session: Session, incident_id: uuid.UUID, status: NoticeStatus) -> None:
    owner = Owner(id=uuid.uuid4(), name_sealed=b"-", phone_sealed=b"-", phone_index="-")
    message = OutboxMessage(
        id=uuid.uuid4(),
        key=f"notice:{incident_id}:1",
        kind="move_vehicle",
        payload={},
        state=OutboxState.SENT,
        created_at=after(73),
        next_at=after(73),
        answered_at=after(74),
    )
    session.add_all([owner, message])
    session.flush()
    delivered_at = after(76) if status is NoticeStatus.DELIVERED else None
    session.add(
        Notice(
            incident_id=incident_id,
            owner_id=owner.id,
            outbox_message_id=message.id,
            wording="move_vehicle",
            status=status,
            promised_at=after(73),
            delivered_at=delivered_at,
        )
    )
    session.flush()


def test_versions_count_up_and_the_older_one_stays_as_it_was(database: Database, tmp_path: Path) -> None:
    with transaction(database.sessions) as session:
        van = park_van(session, tmp_path)
        first = van.draft(session)
        before = dict(first.content)
    with transaction(database.sessions) as session:
        second = draft_case.compose(session, van.incident.id, at=after(800))
        assert (second.version, second.content["version"]) == (2, 2)
    with reading(database.sessions) as session:
        assert session.get_one(DraftCase, first.id).content == before


def test_the_same_rows_give_the_same_draft(sqlite_database: Database, tmp_path: Path) -> None:
    with transaction(sqlite_database.sessions) as session:
        van = park_van(session, tmp_path)
        one, two = van.draft(session).content, van.draft(session).content
    assert one | {"version": 0} == two | {"version": 0}


def test_an_unknown_incident_is_refused(database: Database) -> None:
    with pytest.raises(UnknownIncident), transaction(database.sessions) as session:
        draft_case.compose(session, uuid.uuid4(), at=MADE_AT)


def test_what_is_not_established_is_said_plainly(sqlite_database: Database, tmp_path: Path) -> None:
    content = composed(
        sqlite_database, tmp_path, plate=None, plate_confidence=None, stopped_at=None, camera={"lat": None, "lon": None}
    )
    assert said(content, "plate_not_established").text.zh == "车辆号牌未能认定。"
    assert "already stood there" in said(content, "already_stood").text.en
    assert "coordinates are not on record" in said(content, "camera_place_unknown").text.en
    assert {"already_stood", "plate"} <= against(content)
    assert not {"stopped", "plate_read", "camera_place"} & {statement.code for statement in content.statements}


def test_an_offence_without_law_data_says_so(sqlite_database: Database, tmp_path: Path) -> None:
    """Before the first provision there is none: the day counts, not today's law."""
    times = ("first_seen_at", "stopped_at", "confirmed_at", "last_seen_at")
    then = {name: after(at).replace(year=2019) for name, at in zip(times, (10, 12, 72, 700), strict=True)}
    content = composed(sqlite_database, tmp_path, offence=Offence.DUMPING, **then)
    assert content.provision is None
    assert said(content, "provision_unknown").text.zh == (
        "法律数据中没有2019-03-02有效的关于“乱倒垃圾”的规定，本草案不引用任何条款。"
    )
    assert "no_provision" in against(content)


def test_the_law_of_the_local_day_counts(sqlite_database: Database, tmp_path: Path) -> None:
    """Half past five in the afternoon in London is the next day in Shanghai."""
    shift = after(0).replace(hour=17, minute=30) - after(0)
    times = ("first_seen_at", "stopped_at", "confirmed_at", "last_seen_at")
    late = {name: at + shift for name, at in zip(times, map(after, (10, 12, 72, 700)), strict=True)}
    assert composed(sqlite_database, tmp_path, **late).conduct_on == date(2026, 3, 3)


def test_a_sound_case_has_few_reasons_against_and_they_are_named(sqlite_database: Database, tmp_path: Path) -> None:
    with transaction(sqlite_database.sessions) as session:
        van = park_van(session, tmp_path)
        add_notice(session, van.incident.id, NoticeStatus.DELIVERED)
        content = DraftContent.model_validate(van.draft(session).content)
    assert against(content) == {"unverified_article"}
    assert "delivered at 2026-03-02 12:01:16.0" in said(content, "notice_delivered").text.en


@pytest.mark.parametrize(
    ("differs", "code"),
    [
        ({"camera": rows.NO_PAPERS}, "camera_papers"),
        ({"camera": {"clock_error_s": None}}, "clock_error"),
        ({"camera": {"clock_error_s": 3.0}}, "clock_error"),
        ({"confidence": 0.31}, "low_confidence"),
        ({"stopped_at": None}, "already_stood"),
        ({"plate_confidence": 0.6}, "plate"),
        ({"fence": {"valid_from": rows.NOON + timedelta(days=1)}}, "fence_came_later"),
        ({}, "no_notice"),
    ],
    ids=[
        "no_papers",
        "clock_never_measured",
        "clock_wrong",
        "unsure",
        "already_stood",
        "plate_unsure",
        "fence_of_tomorrow",
        "not_told",
    ],
)
def test_each_weakness_is_a_reason_against(
    sqlite_database: Database, tmp_path: Path, differs: dict[str, Any], code: str
) -> None:
    assert code in against(composed(sqlite_database, tmp_path, **differs))


def test_weaknesses_in_the_watching_are_reasons_against(sqlite_database: Database, tmp_path: Path) -> None:
    with transaction(sqlite_database.sessions) as session:
        recording = {"clock_source": ClockSource.FILE_TIME}
        van = park_van(session, tmp_path, fence={"warning_only": True}, recording=recording, lost_until_s=350)
        nothing = dict.fromkeys(("x1", "y1", "x2", "y2", "confidence", "share_inside"))
        rows.add_sighting(session, van.incident, at=after(420.5), **nothing, kind=SightingKind.ABSENT)
        rows.add_sighting(session, van.incident, at=after(430.5), share_inside=0.2)
        add_notice(session, van.incident.id, NoticeStatus.SENT)
        content = DraftContent.model_validate(van.draft(session).content)
    assert {
        "gaps_share",
        "absent_between",
        "partly_inside",
        "warning_only",
        "clock_source",
        "notice_not_delivered",
    } <= against(content)


def test_a_draft_says_by_which_model_in_which_pictures_and_by_whose_clock(
    sqlite_database: Database, tmp_path: Path
) -> None:
    content = composed(sqlite_database, tmp_path)
    digest = hashlib.sha256(b"weights").hexdigest()[:12]
    assert said(content, "seen_with").text.en == (
        f"The pictures were looked at by the model yolo11n (sha256:{digest}…) at least every 2.00 s; "
        "the video is h264 1920×1080 at 25.00 frames a second; software streetwitness 0.1.0."
    )
    assert "offset of the camera 0.25 s, error bound 0.40 s" in said(content, "clock_of_recording").text.en


LIVE: dict[str, Any] = {"recording_id": None, "camera": {"clock_offset_s": 40.0, "clock_error_s": 9.0}}


def test_a_live_incident_has_the_clock_and_the_stream_of_its_confirmation(
    sqlite_database: Database, tmp_path: Path
) -> None:
    content = composed(sqlite_database, tmp_path, seen_with=rows.SEEN_LIVE.as_json(), **LIVE)
    assert (content.where.picture_width, content.where.picture_height) == (2560, 1440)
    assert "the model own-weights (" in said(content, "seen_with").text.en
    assert "hevc 2560×1440" in said(content, "seen_with").text.zh
    clock = said(content, "clock_by_rtcp")
    assert "-3.25 s, error bound 0.75 s" in clock.text.en
    assert [pointer.ref for pointer in clock.pointers] == [f"incident:{content.incident_id}"]
    assert not {"clock_error", "clock_source"} & against(content)


@pytest.mark.parametrize("measure", ClockMeasure)
def test_a_clock_that_is_not_known_well_enough_is_a_reason_against_however_it_was_measured(
    sqlite_database: Database, tmp_path: Path, measure: ClockMeasure
) -> None:
    seen = replace(rows.SEEN_LIVE, clock=ClockThen(0.0, 1.1, measure))
    content = composed(sqlite_database, tmp_path, seen_with=seen.as_json(), **LIVE)
    assert "1.10 s" in said(content, f"clock_by_{measure.value}").text.zh
    (reason,) = [reason for reason in content.against if reason.code == "clock_error"]
    assert "1.1" in reason.text.en
    assert [pointer.ref for pointer in reason.pointers] == [f"incident:{content.incident_id}"]


def test_a_live_incident_of_before_says_what_the_camera_has_and_no_more(
    sqlite_database: Database, tmp_path: Path
) -> None:
    content = composed(sqlite_database, tmp_path, **LIVE)
    assert "40.00 s, error bound 9.00 s" in said(content, "clock_of_camera").text.en
    assert "seen_with" not in {statement.code for statement in content.statements}
    assert {"clock_error", "clock_source"} <= against(content)


def test_the_check_is_in_the_draft_with_what_is_missing(sqlite_database: Database, tmp_path: Path) -> None:
    content = composed(sqlite_database, tmp_path)
    found = {finding.code: finding.ok for finding in content.sufficiency}
    assert found["still_entry"]
    assert found["close_up"]
    assert not found["clip_entry"]


@pytest.mark.parametrize("chapter", ["statement", "against", "pointer", "label"])
def test_both_languages_ask_for_the_same_values(chapter: str) -> None:
    for code, words in _chapters()[chapter].items():
        zh, en = ({name for _, name, _, _ in Formatter().parse(words.in_(language)) if name} for language in LANGUAGES)
        assert zh == en, code


def test_every_word_of_the_closed_lists_is_in_the_words() -> None:
    lists = (
        enums.Act,
        enums.IncidentState,
        enums.SightingKind,
        enums.ExhibitKind,
        enums.ExhibitMoment,
        enums.Offence,
        enums.ClockSource,
        enums.NoticeStatus,
    )
    words = {word.value for kind in lists for word in kind}
    assert words <= set(_chapters()["term"])


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [(0.9, "0秒", "0 s"), (59.99, "59秒", "59 s"), (60, "1分", "1 min"), (3725, "1小时2分5秒", "1 h 2 min 5 s")],
)
def test_a_length_is_never_rounded_up(seconds: float, zh: str, en: str) -> None:
    assert duration(seconds) == Bilingual(zh=zh, en=en)
