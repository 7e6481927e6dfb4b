"""Aliyun, webhooks, robots and mail: what each is sent, how it is signed, and what its answers mean."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest

from notify.errors import DestinationRefused, GatewayRefused, GatewayUnavailable, GatewayUnreachable
from notify.gateway import Letter
from notify.gateway_http import GatewayHttp, GatewayNetworks
from notify.mail_gateway import MailGateway
from notify.sms_aliyun import AliyunGateway
from notify.sms_aliyun import signature as aliyun_signature
from notify.webhook_gateway import Robot, RobotGateway, WebhookGateway
from tests.notify.peers import HttpPeer, Mailbox, Request
from tests.notify.scene import AT, OWNERS_PHONE, Clock

NETWORKS = GatewayNetworks.of(["127.0.0.1"])
HTTP = GatewayHttp(NETWORKS, deadline_s=30.0)
FACTS = {"plate": "浙J***45", "place": "中山路88号"}
LETTER = Letter(OWNERS_PHONE, "【城管】请移车", "move_vehicle", FACTS)
SECRET = "a secret that both sides know"


def aliyun_at(peer: HttpPeer, clock: Clock | None = None) -> AliyunGateway:
    return AliyunGateway("key-id", SECRET, "城管", {"move_vehicle": "SMS_1"}, HTTP, clock or Clock(), peer.url)


def asked_of(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode()))


def test_aliyun_is_sent_template_facts_and_our_key_under_its_signature() -> None:
    with HttpPeer(lambda _request: (200, {"Code": "OK", "BizId": "9006^0"})).running() as peer:
        assert aliyun_at(peer).send("move_vehicle:1", LETTER) == "move_vehicle:1"
    asked = asked_of(peer.requests[0])
    assert {name: asked[name] for name in ("Action", "PhoneNumbers", "TemplateCode", "OutId", "SignName")} == {
        "Action": "SendSms",
        "PhoneNumbers": "13800000042",
        "TemplateCode": "SMS_1",
        "OutId": "move_vehicle:1",
        "SignName": "城管",
    }
    assert json.loads(asked["TemplateParam"]) == FACTS
    signed = asked.pop("Signature")
    query = "&".join(f"{quote(name, safe='~')}={quote(asked[name], safe='~')}" for name in sorted(asked))
    digest = hmac.digest(f"{SECRET}&".encode(), f"POST&%2F&{quote(query, safe='~')}".encode(), hashlib.sha1)
    assert signed == base64.b64encode(digest).decode()


def test_aliyuns_signature_is_that_of_the_example_in_its_manual() -> None:
    """Signature method 1.0, the example of DescribeRegions with the key `testsecret`."""
    parameters = {
        "TimeStamp": "2016-02-23T12:46:24Z",
        "Format": "XML",
        "AccessKeyId": "testid",
        "Action": "DescribeRegions",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Version": "2014-05-26",
        "SignatureVersion": "1.0",
    }
    # the manual writes Timestamp; its string to sign sorts by the bytes of the name
    parameters["Timestamp"] = parameters.pop("TimeStamp")
    assert aliyun_signature("testsecret", "GET", parameters) == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        ((200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL"}), GatewayRefused, "isv.MOBILE_NUMBER_ILLEGAL"),
        ((200, {"Code": "isv.BUSINESS_LIMIT_CONTROL"}), GatewayUnavailable, "tried again"),
        ((403, {"Code": "SignatureDoesNotMatch"}), GatewayUnavailable, "SignatureDoesNotMatch"),
        ((500, b"<html>"), GatewayUnavailable, "aliyun answers 500"),
        ((200, b"<html>"), GatewayUnavailable, "cannot be read"),
        ((200, {"Code": 1}), GatewayUnavailable, "cannot be read"),
    ],
    ids=["number", "too_often", "signature", "broken", "no_json", "no_code"],
)
def test_aliyuns_answers_are_ours(answer: tuple[int, object], kind: type[Exception], says: str) -> None:
    with HttpPeer(lambda _request: answer).running() as peer, pytest.raises(kind, match=says):
        aliyun_at(peer).send("k", LETTER)


def test_aliyun_has_no_words_of_its_own_for_a_kind_without_a_template() -> None:
    with HttpPeer().running() as peer, pytest.raises(GatewayRefused, match="no template for messages of kind other"):
        aliyun_at(peer).send("k", Letter(OWNERS_PHONE, "text", "other"))
    assert peer.requests == []


def test_aliyun_finds_a_message_by_our_key_day_by_day_in_its_own_time() -> None:
    def answer(request: Request) -> tuple[int, object]:
        asked = asked_of(request)
        there = asked["SendDate"] == "20260303" and asked["CurrentPage"] == "1"
        details = [{"OutId": "k", "SendStatus": 3}] if there else []
        return 200, {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": details}}

    clock = Clock(AT + timedelta(hours=15))  # the next day in Shanghai
    with HttpPeer(answer).running() as peer:
        gateway = aliyun_at(peer, clock)
        assert gateway.find("k", LETTER, AT) == "k"
        assert gateway.find("another", LETTER, AT) is None
    assert [asked_of(request)["SendDate"] for request in peer.requests] == ["20260302", "20260303"] * 2


def test_a_webhook_gets_the_message_its_key_and_a_signature_over_both() -> None:
    with HttpPeer(lambda _request: (200, {"id": "theirs-7"})).running() as peer:
        gateway = WebhookGateway(f"{peer.url}/in", SECRET, HTTP, Clock())
        assert gateway.send("k", LETTER) == "theirs-7"
        assert gateway.find("k", LETTER, AT) is None
    (request,) = peer.requests
    assert json.loads(request.body) == {
        "key": "k",
        "kind": "move_vehicle",
        "to": OWNERS_PHONE,
        "text": LETTER.text,
        "facts": FACTS,
    }
    assert request.headers["idempotency-key"] == "k"
    stamp = request.headers["x-streetwitness-timestamp"]
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + request.body, "sha256").hexdigest()
    assert request.headers["x-streetwitness-signature"] == f"v1={expected}"


@pytest.mark.parametrize(("status", "kind"), [(500, GatewayUnavailable), (400, GatewayRefused)])
def test_a_webhook_that_fails_is_tried_again_or_not(status: int, kind: type[Exception]) -> None:
    with HttpPeer(lambda _request: (status, {})).running() as peer, pytest.raises(kind):
        WebhookGateway(peer.url, SECRET, HTTP, Clock()).send("k", LETTER)


def test_wecom_is_told_whom_to_mention() -> None:
    with HttpPeer(lambda _request: (200, {"errcode": 0, "errmsg": "ok"})).running() as peer:
        gateway = RobotGateway(Robot.WECOM, f"{peer.url}/cgi-bin/webhook/send?key=1", None, HTTP, Clock())
        assert gateway.send("k", LETTER) == "k"
    said = json.loads(peer.requests[0].body)
    assert said == {"msgtype": "text", "text": {"content": LETTER.text, "mentioned_mobile_list": ["13800000042"]}}


def test_dingtalk_is_told_the_same_in_its_form_and_signed() -> None:
    with HttpPeer(lambda _request: (200, {"errcode": 0})).running() as peer:
        RobotGateway(Robot.DINGTALK, f"{peer.url}/robot/send?access_token=1", SECRET, HTTP, Clock()).send("k", LETTER)
    (request,) = peer.requests
    assert json.loads(request.body)["at"] == {"atMobiles": ["13800000042"], "isAtAll": False}
    query = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
    assert query["access_token"] == "1"
    digest = hmac.new(SECRET.encode(), f"{query['timestamp']}\n{SECRET}".encode(), "sha256").digest()
    assert query["sign"] == base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((200, {"errcode": 45009}), GatewayUnavailable),
        ((200, {"errcode": 93000}), GatewayRefused),
        ((200, b"ok"), GatewayUnavailable),
    ],
    ids=["too_often", "no_such_robot", "no_json"],
)
def test_what_a_robot_answers_is_ours(answer: tuple[int, object], kind: type[Exception]) -> None:
    with HttpPeer(lambda _request: answer).running() as peer, pytest.raises(kind):
        RobotGateway(Robot.WECOM, peer.url, None, HTTP, Clock()).send("k", LETTER)


def mail_to(mailbox: Mailbox) -> MailGateway:
    return MailGateway(
        mailbox.url, "StreetWitness <desk@bureau.example>", "duty@bureau.example", NETWORKS, Clock(), 2.0
    )


def test_a_mail_goes_to_the_duty_room_or_to_an_address_and_its_id_is_that_of_the_key() -> None:
    with Mailbox().running() as mailbox:
        gateway = mail_to(mailbox)
        first = gateway.send("k", LETTER)
        assert gateway.send("k", LETTER) == first != gateway.send("other", Letter("li.na@bureau.example", "text"))
        assert gateway.find("k", LETTER, AT) is None
    assert [mail["To"] for mail in mailbox.mails] == ["duty@bureau.example"] * 2 + ["li.na@bureau.example"]
    mail = mailbox.mails[0]
    assert mail["Message-ID"] == first
    assert mail["Message-ID"].endswith("@bureau.example>")
    assert mail.get_content().strip() == LETTER.text
    assert OWNERS_PHONE not in str(mail)


@pytest.mark.parametrize(
    ("refuse", "kind"),
    [("451 busy", GatewayUnavailable), ("554 no, never", GatewayRefused)],
    ids=["not_now", "never"],
)
def test_what_a_mail_server_answers_is_ours(refuse: str, kind: type[Exception]) -> None:
    with Mailbox(refuse=refuse).running() as mailbox, pytest.raises(kind, match=f"answers {refuse[:3]}") as caught:
        mail_to(mailbox).send("k", LETTER)
    assert "duty@" not in str(caught.value)


def test_mail_without_encryption_leaves_our_networks_never() -> None:
    with Mailbox().running() as mailbox:
        away = MailGateway(mailbox.url, "a@b.example", "duty@b.example", GatewayNetworks(), Clock())
        with pytest.raises(DestinationRefused, match="not on the internet"):
            away.send("k", LETTER)
    with pytest.raises(GatewayUnreachable, match="not taken for certain"):
        mail_to(mailbox).send("k", LETTER)  # nobody listens any more
