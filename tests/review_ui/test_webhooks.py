"""What providers send back: believed when it is shown to be theirs, taken once, refused without a trace otherwise."""

import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import func, select

from models.database import reading, transaction
from models.enums import NoticeStatus, OutboxState, ReplyMeaning
from models.promises import DeliveryReceipt, Notice, OutboxMessage
from models.replies import DoNotContact, InboundReply
from notify.gateway_http import GatewayHttp, GatewayNetworks
from notify.sms_twilio import TwilioGateway
from review_ui.settings import ReviewSettings, Webhooks
from tests.conftest import Database
from tests.notify.scene import AT, KEY, OWNERS_PHONE, Clock, Provider, promise_notice, relay_of
from tests.notify.twilio_server import (
    ACCOUNT,
    AUTH_TOKEN,
    SENDER,
    Fault,
    TwilioServer,
    post,
    post_signed,
    scripted,
    signature,
)
from tests.review_ui.conftest import serve

PUBLIC = "https://desk.example"  # a proxy stands before the site: what Twilio calls is not what the site hears
ALIYUN_TOKEN = "only Aliyun was given this"
TABLES = (DeliveryReceipt, InboundReply, DoNotContact)


@dataclass(frozen=True)
class Site:
    """A site with webhooks, and a notice that Twilio has taken as SM1."""

    url: str
    database: Database
    incident_id: uuid.UUID


@pytest.fixture
def told(sqlite_database: Database, tmp_path: Path) -> Iterator[Site]:
    with transaction(sqlite_database.sessions) as session:
        notice = promise_notice(session)
        notice.status = NoticeStatus.SENT
        message = session.scalars(select(OutboxMessage)).one()
        message.state, message.gateway, message.provider_id, message.answered_at = OutboxState.SENT, "twilio", "SM1", AT
        message.letter_sealed = b"-"
    hooks = Webhooks(PUBLIC, KEY, ACCOUNT, AUTH_TOKEN, ALIYUN_TOKEN)
    for url in serve(ReviewSettings(sqlite_database.sessions, tmp_path, tmp_path, webhooks=hooks)):
        yield Site(url, sqlite_database, notice.incident_id)


def path_of(desk: Site) -> str:
    return f"/webhooks/twilio?key={quote(f'move_vehicle:{desk.incident_id}', safe='')}"


def receipt(desk: Site, status: str, **differs: str) -> int:
    """A receipt as Twilio sends it; the status of the answer."""
    form = {"AccountSid": ACCOUNT, "MessageSid": "SM1", "MessageStatus": status, "To": OWNERS_PHONE} | differs
    return post_signed(desk.url + path_of(desk), form, signed_for=PUBLIC + path_of(desk))


def reply(desk: Site, text: str, sid: str = "SM9", **differs: str) -> int:
    form = {"AccountSid": ACCOUNT, "MessageSid": sid, "From": OWNERS_PHONE, "To": "+8610690001", "Body": text}
    path = "/webhooks/twilio/replies"
    return post_signed(desk.url + path, form | differs, signed_for=PUBLIC + path)


def aliyun(desk: Site, entries: Any, path: str = "", token: str = ALIYUN_TOKEN) -> int:
    body = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    url = f"{desk.url}/webhooks/aliyun/{quote(token)}{path}"
    return post(url, body, {"Content-Type": "application/json"})


def rows_of(desk: Site) -> list[tuple[Any, ...]]:
    """Everything a webhook may change."""
    with reading(desk.database.sessions) as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in TABLES]
        notice, message = session.scalars(select(Notice)).one(), session.scalars(select(OutboxMessage)).one()
        return [
            tuple(counts),
            (notice.status, notice.status_at, notice.delivered_at),
            (message.state, message.provider_id),
        ]


def notice_of(desk: Site) -> Notice:
    with reading(desk.database.sessions) as session:
        return session.scalars(select(Notice)).one()


def silenced(desk: Site) -> list[ReplyMeaning]:
    with reading(desk.database.sessions) as session:
        return list(session.scalars(select(DoNotContact.why)))


def test_a_delivery_receipt_starts_the_ten_minutes(told: Site) -> None:
    assert receipt(told, "delivered") == 204
    notice = notice_of(told)
    assert notice.status is NoticeStatus.DELIVERED
    assert isinstance(notice.delivered_at, datetime)
    assert notice.status_at == notice.delivered_at


@pytest.mark.parametrize(
    ("statuses", "ends_as"),
    [
        (["sent", "delivered"], NoticeStatus.DELIVERED),
        (["delivered", "sent"], NoticeStatus.DELIVERED),
        (["delivered", "undelivered"], NoticeStatus.DELIVERED),
        (["delivered", "failed", "queued", "sending"], NoticeStatus.DELIVERED),
        (["undelivered", "sent"], NoticeStatus.UNDELIVERED),
        (["undelivered", "delivered"], NoticeStatus.DELIVERED),
        (["failed"], NoticeStatus.UNDELIVERED),
    ],
    ids=lambda value: "_then_".join(value) if isinstance(value, list) else None,
)
def test_receipts_in_any_order_never_lead_back(told: Site, statuses: list[str], ends_as: NoticeStatus) -> None:
    assert [receipt(told, status) for status in statuses] == [204] * len(statuses)
    assert notice_of(told).status is ends_as
    if "delivered" in statuses[:1]:
        first = notice_of(told).delivered_at
        assert receipt(told, "read") == 204
        assert notice_of(told).delivered_at == first


def test_a_receipt_that_overtakes_our_own_record_of_the_sending_says_who_has_the_message(told: Site) -> None:
    with transaction(told.database.sessions) as session:
        message = session.scalars(select(OutboxMessage)).one()
        message.state, message.provider_id, message.lease_until = OutboxState.SENDING, None, AT
    assert receipt(told, "sent", MessageSid="SM77") == 204
    assert rows_of(told)[2] == (OutboxState.SENT, "SM77")


@pytest.mark.parametrize(
    "forged",
    [
        {"token": "another token"},
        {"signed_for": "https://elsewhere.example/webhooks/twilio"},
        {"form": {"AccountSid": "AC" + "9" * 32}},
        {"form": {"MessageStatus": "exploded"}},
        {"form": {"MessageSid": ""}},
        {"path": "/webhooks/twilio?key=move_vehicle%3Anobody"},
        {"path": "/webhooks/twilio"},
    ],
    ids=["signature", "other_address", "account", "status", "no_id", "unknown_key", "unknown_id"],
)
def test_what_is_not_shown_to_be_ours_is_refused_logged_and_changes_nothing(
    told: Site, forged: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    before, path = rows_of(told), forged.get("path", path_of(told))
    form = {"AccountSid": ACCOUNT, "MessageSid": "SM2", "MessageStatus": "delivered", "To": OWNERS_PHONE}
    status = post_signed(
        told.url + path,
        form | forged.get("form", {}),
        forged.get("token", AUTH_TOKEN),
        signed_for=forged.get("signed_for", PUBLIC + path),
    )
    assert 400 <= status < 500
    assert rows_of(told) == before
    (record,) = [each for each in caplog.records if each.message == "webhook refused"]
    assert record.levelno == logging.WARNING
    assert OWNERS_PHONE not in str(vars(record))


def test_a_flipped_field_of_a_signed_receipt_is_refused(told: Site) -> None:
    before = rows_of(told)
    form = {"AccountSid": ACCOUNT, "MessageSid": "SM1", "MessageStatus": "failed"}
    captured = httpx.QueryParams(form | {"MessageStatus": "delivered"})
    headers = {"X-Twilio-Signature": signature(PUBLIC + path_of(told), form)}
    assert post(told.url + path_of(told), str(captured).encode(), headers) == 403
    assert post(told.url + path_of(told), str(captured).encode(), {}) == 403
    assert rows_of(told) == before


def test_a_replayed_receipt_is_refused_logged_and_changes_nothing(told: Site, caplog: pytest.LogCaptureFixture) -> None:
    assert receipt(told, "undelivered") == 204
    assert receipt(told, "delivered") == 204
    before = rows_of(told)
    assert receipt(told, "undelivered") == 409
    assert receipt(told, "delivered") == 409
    assert rows_of(told) == before
    assert "came before" in str([vars(record) for record in caplog.records])


@pytest.mark.parametrize("size", [17_000, 70_000], ids=["above_our_cap", "above_every_cap"])
def test_an_oversized_body_is_refused_and_not_read_to_its_end(
    told: Site, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    before = rows_of(told)
    assert receipt(told, "delivered", Padding="x" * size) == 413
    assert aliyun(told, b"[" + b" " * size + b"]") == 413
    assert rows_of(told) == before
    assert len([each for each in caplog.records if each.message == "webhook refused"]) == 2


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=1&" * 200], ids=["no_text", "too_many_fields"])
def test_a_form_that_cannot_be_read_is_refused(told: Site, body: bytes) -> None:
    assert post(told.url + path_of(told), body, {}) == 400


def test_a_site_without_webhooks_has_no_such_door(sqlite_database: Database, tmp_path: Path) -> None:
    for url in serve(ReviewSettings(sqlite_database.sessions, tmp_path, tmp_path)):
        assert post(f"{url}/webhooks/twilio", b"", {}) == 404
        assert post(f"{url}/webhooks/aliyun/any", b"[]", {}) == 404


@pytest.mark.parametrize("text", ["退订", "回T", "Stop.", "ＴＤ", "请不要再发了"])
def test_who_says_stop_gets_no_further_message(told: Site, text: str) -> None:
    assert reply(told, text) == 200
    assert silenced(told) == [ReplyMeaning.STOP]
    with transaction(told.database.sessions) as session:
        message = session.scalars(select(OutboxMessage)).one()
        message.state, message.gateway, message.provider_id = OutboxState.PENDING, None, None
        message.letter_sealed = None
        session.scalars(select(Notice)).one().status = NoticeStatus.PROMISED
    provider = Provider()
    relay_of(told.database.sessions, provider, Clock()).deliver_due()
    assert provider.taken == []
    with reading(told.database.sessions) as session:
        message = session.scalars(select(OutboxMessage)).one()
    assert (message.state, "asked for no messages" in str(message.last_error)) == (OutboxState.DEAD, True)
    assert notice_of(told).status is NoticeStatus.UNDELIVERED


def test_a_wrong_number_is_honoured_and_stays_so_and_a_stop_can_be_taken_back(told: Site) -> None:
    assert reply(told, "号码错误，这不是我的车", "SM10") == 200
    assert reply(told, "START", "SM11") == 200
    assert silenced(told) == [ReplyMeaning.WRONG_NUMBER]
    assert reply(told, "stop", "SM12", From="+8613800000077") == 200
    assert reply(told, "ignored", "SM13", From="+8613800000077", OptOutType="START") == 200
    assert silenced(told) == [ReplyMeaning.WRONG_NUMBER]


def test_what_else_somebody_replies_is_kept_sealed_for_a_person(told: Site) -> None:
    assert reply(told, "我已经把车开走了") == 200
    assert silenced(told) == []
    with reading(told.database.sessions) as session:
        row = session.scalars(select(InboundReply)).one()
    assert row.meaning is ReplyMeaning.OTHER
    assert KEY.open(row.text_sealed, f"inbound_reply.text:{row.id}") == "我已经把车开走了"
    assert "开走".encode() not in row.text_sealed


def test_a_replayed_reply_does_not_bring_back_what_was_taken_back(told: Site) -> None:
    assert reply(told, "stop", "SM20") == 200
    assert reply(told, "start", "SM21") == 200
    assert reply(told, "stop", "SM20") == 409
    assert silenced(told) == []


def report(desk: Site, *, success: bool) -> dict[str, Any]:
    return {
        "phone_number": OWNERS_PHONE[3:],
        "send_time": "2026-03-02 12:14:00",
        "report_time": "2026-03-02 12:14:05",
        "success": success,
        "err_code": "DELIVERED" if success else "MOBILE_NOT_ON_SERVICE",
        "sms_size": "1",
        "biz_id": "900619746936498440^0",
        "out_id": f"move_vehicle:{desk.incident_id}",
    }


@pytest.fixture
def by_aliyun(told: Site) -> Site:
    with transaction(told.database.sessions) as session:
        session.scalars(select(OutboxMessage)).one().gateway = "aliyun"
    return told


def test_aliyun_reports_in_a_list_each_taken_once(by_aliyun: Site) -> None:
    unknown = report(by_aliyun, success=True) | {"out_id": "nobody's"}
    assert aliyun(by_aliyun, [unknown, report(by_aliyun, success=True)]) == 200
    assert notice_of(by_aliyun).status is NoticeStatus.DELIVERED
    before = rows_of(by_aliyun)
    assert aliyun(by_aliyun, [report(by_aliyun, success=True)]) == 409
    assert aliyun(by_aliyun, [unknown]) == 404
    assert rows_of(by_aliyun) == before
    with reading(by_aliyun.database.sessions) as session:
        told_at = session.scalars(select(DeliveryReceipt.provider_at)).one()
    assert told_at is not None
    assert f"{told_at:%H:%M:%S}" == "04:14:05"  # their times are those of Shanghai


def test_aliyun_without_the_token_or_with_another_shape_is_refused(
    by_aliyun: Site, caplog: pytest.LogCaptureFixture
) -> None:
    before = rows_of(by_aliyun)
    assert aliyun(by_aliyun, [report(by_aliyun, success=True)], token="guessed") == 403
    for entries in ([], {}, [{"out_id": 1}], b"no json"):
        assert aliyun(by_aliyun, entries) == 400
    assert rows_of(by_aliyun) == before
    assert ALIYUN_TOKEN not in str([vars(each) for each in caplog.records if each.message == "webhook refused"])


def test_a_receipt_for_a_message_of_another_gateway_is_none_of_ours(told: Site) -> None:
    before = rows_of(told)
    assert aliyun(told, [report(told, success=True)]) == 404
    assert rows_of(told) == before


def test_aliyun_brings_replies_too(by_aliyun: Site) -> None:
    entry = {"phone_number": OWNERS_PHONE[3:], "content": "T", "sign_name": "城管", "sequence_id": 1234567890}
    assert aliyun(by_aliyun, [entry], "/replies") == 200
    assert silenced(by_aliyun) == [ReplyMeaning.STOP]
    assert aliyun(by_aliyun, [entry], "/replies") == 409


def test_the_way_out_and_back_a_receipt_repeated_late_and_out_of_order(told: Site) -> None:
    """Taken by Twilio with its answer cut off; the receipts find the message, and it is sent to nobody twice."""
    with transaction(told.database.sessions) as session:
        message = session.scalars(select(OutboxMessage)).one()
        message.state, message.gateway, message.provider_id, message.letter_sealed = (
            OutboxState.PENDING,
            None,
            None,
            None,
        )
        session.scalars(select(Notice)).one().status = NoticeStatus.PROMISED
    clock = Clock()
    server = TwilioServer(
        faults=scripted(Fault.CUT_OFF_AFTER), clock=clock, reach=lambda url: url.replace(PUBLIC, told.url)
    )
    with server.running():
        gateway = TwilioGateway(
            ACCOUNT, AUTH_TOKEN, SENDER, PUBLIC, GatewayHttp(GatewayNetworks.of(["127.0.0.1"])), server.url
        )
        relay = relay_of(told.database.sessions, {"twilio": gateway}, clock)
        relay.deliver_due()
        (taken,) = server.taken
        answers = [server.tell(taken, status) for status in ("delivered", "sent", "delivered", "sent", "queued")]
        clock.forward(86_400)
        assert relay.deliver_due() == 0
    assert answers == [204, 204, 409, 409, 204]
    assert rows_of(told)[2] == (OutboxState.SENT, taken.sid)
    assert notice_of(told).status is NoticeStatus.DELIVERED
    assert len(server.taken) == 1
