"""Webhooks: what providers of messages send back. Receipts and replies, believed only with proof of who sends them.

Twilio signs each request over the address it called, which is that of the settings and not what a proxy made of it;
Aliyun signs nothing, so its address holds a token that only it was given. What is refused is logged, changes nothing,
and is told apart only by its status. Nobody is signed in here, and no form of a browser leads here.
"""

import hmac
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from models.database import transaction
from notify import receipts, replies
from notify.errors import Forged, Replayed, UnknownMessage, Unreadable, WebhookRefused
from notify.receipts import Receipt
from notify.replies import Reply
from notify.sms_twilio import signature_fits
from review_ui.desk import Desk, Now, TheDesk
from review_ui.errors import BodyTooLarge, NotBelieved, NotFound, ReviewError, ToldBefore, WebhookUnreadable
from review_ui.permissions import proof
from review_ui.settings import Webhooks

routes = APIRouter()
log = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024
MAX_FIELDS = 100
THEIR_ZONE = ZoneInfo("Asia/Shanghai")  # of the times in Aliyun's reports

Fields = list[tuple[str, str]]


def webhooks_of(desk: TheDesk) -> Webhooks:
    """Raises NotFound where no provider is to send anything."""
    if desk.settings.webhooks is None:
        raise NotFound
    return desk.settings.webhooks


TheWebhooks = Annotated[Webhooks, Depends(webhooks_of)]


async def capped_body(request: Request) -> bytes:
    """The body, read no further than the cap. Raises BodyTooLarge."""
    body = bytearray()
    too_large = WebhookRefused(f"the body is larger than {MAX_BODY_BYTES} bytes")
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise _refusal(request, too_large, BodyTooLarge())
    except HTTPException as error:  # one part of it was larger than any body that the desk takes
        raise _refusal(request, too_large, BodyTooLarge()) from error
    return bytes(body)


CappedBody = Annotated[bytes, Depends(capped_body)]


@proof("Twilio's signature over the request")
def from_twilio(request: Request, webhooks: TheWebhooks, body: CappedBody) -> dict[str, str]:
    """The fields of a form that Twilio signed for our account. Raises NotBelieved."""
    if webhooks.twilio_account_sid is None or webhooks.twilio_auth_token is None:
        raise NotFound
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise _refusal(request, Unreadable("the form cannot be read"), WebhookUnreadable()) from error
    query = request.url.query
    url = f"{webhooks.public_url}{request.url.path}" + (f"?{query}" if query else "")
    if not signature_fits(webhooks.twilio_auth_token, url, fields, request.headers.get("x-twilio-signature", "")):
        raise _refusal(request, Forged("the signature is not Twilio's for this address"), NotBelieved())
    told = dict(fields)
    if not hmac.compare_digest(told.get("AccountSid", "").encode(), webhooks.twilio_account_sid.encode()):
        raise _refusal(request, Forged("it is for another account"), NotBelieved())
    return told


@proof("the token in the address that only Aliyun was given")
def from_aliyun(request: Request, webhooks: TheWebhooks, body: CappedBody, token: str) -> bytes:
    """The body of who knows the address that Aliyun was given. Raises NotBelieved."""
    if webhooks.aliyun_token is None:
        raise NotFound
    if not hmac.compare_digest(token.encode(), webhooks.aliyun_token.encode()):
        raise _refusal(request, Forged("the token in the address is not the one of the settings"), NotBelieved())
    return body


FromTwilio = Annotated[dict[str, str], Depends(from_twilio)]
FromAliyun = Annotated[bytes, Depends(from_aliyun)]


@routes.post("/webhooks/twilio")
def twilio_receipt(request: Request, desk: TheDesk, at: Now, told: FromTwilio) -> Response:
    receipt = Receipt(
        gateway="twilio",
        provider_id=told.get("MessageSid", "")[:200],
        status=told.get("MessageStatus", "")[:32],
        key=request.query_params.get("key"),
        error_code=told.get("ErrorCode", "")[:64] or None,
    )
    _alone(request, desk, lambda session: _take_receipt(session, receipt, at))
    return Response(status_code=204)


@routes.post("/webhooks/twilio/replies")
def twilio_reply(request: Request, desk: TheDesk, webhooks: TheWebhooks, at: Now, told: FromTwilio) -> Response:
    # OptOutType: Twilio itself has understood the reply as STOP or START, and answers it
    reply = Reply(
        gateway="twilio",
        provider_id=told.get("MessageSid", "")[:200],
        phone=told.get("From", ""),
        text=told.get("OptOutType") or told.get("Body", ""),
    )
    _alone(request, desk, lambda session: _take_reply(session, webhooks, reply, at))
    return Response("<Response/>", media_type="text/xml")


class AliyunReport(BaseModel):
    """One entry of their SmsReport."""

    out_id: str
    success: bool
    err_code: str | None = None
    report_time: datetime | None = None


class AliyunReply(BaseModel):
    """One entry of their SmsUp."""

    phone_number: str
    content: str
    sequence_id: int | str


REPORTS, REPLIES = TypeAdapter(list[AliyunReport]), TypeAdapter(list[AliyunReply])
_Entry = TypeVar("_Entry", AliyunReport, AliyunReply)


@routes.post("/webhooks/aliyun/{token}")  # noqa: FAST003 - the guard takes the token
def aliyun_receipts(request: Request, desk: TheDesk, at: Now, body: FromAliyun) -> Response:
    taken = [
        Receipt(
            gateway="aliyun",
            provider_id=report.out_id[:200],
            status="delivered" if report.success else "undelivered",
            key=report.out_id,
            error_code=(report.err_code or "")[:64] or None,
            provider_at=report.report_time.replace(tzinfo=THEIR_ZONE) if report.report_time else None,
        )
        for report in _entries(request, body, REPORTS)
    ]
    return _each(request, desk, [_taking(_take_receipt, receipt, at) for receipt in taken])


@routes.post("/webhooks/aliyun/{token}/replies")  # noqa: FAST003 - as above
def aliyun_replies(request: Request, desk: TheDesk, webhooks: TheWebhooks, at: Now, body: FromAliyun) -> Response:
    taken = [
        Reply("aliyun", str(entry.sequence_id)[:200], entry.phone_number, entry.content)
        for entry in _entries(request, body, REPLIES)
    ]
    return _each(request, desk, [_taking(_take_reply, webhooks, reply, at) for reply in taken])


def _take_receipt(session: Session, receipt: Receipt, at: datetime) -> None:
    change = receipts.take(session, receipt, at=at)
    if change is not None:
        log.info(
            "notice changed by a receipt",
            extra={"notice": str(change.notice_id), "incident": str(change.incident_id), "status": change.after.value},
        )


def _take_reply(session: Session, webhooks: Webhooks, reply: Reply, at: datetime) -> None:
    meaning = replies.take(session, reply, webhooks.key, at=at)
    log.info("reply taken in", extra={"gateway": reply.gateway, "meaning": meaning.value})


_Work = Callable[[Session], None]


def _taking(work: Callable[..., None], *arguments: Any) -> _Work:
    return lambda session: work(session, *arguments)


def _alone(request: Request, desk: Desk, work: _Work) -> None:
    try:
        with transaction(desk.settings.sessions) as session:
            work(session)
    except WebhookRefused as error:
        raise _refusal(request, error, _answer_to(error)) from error


def _each(request: Request, desk: Desk, works: list[_Work]) -> Response:
    """Each entry in a transaction of its own. Where none of them was new or good, the whole is refused."""
    refused: list[WebhookRefused] = []
    for work in works:
        try:
            with transaction(desk.settings.sessions) as session:
                work(session)
        except WebhookRefused as error:
            _refusal(request, error, ReviewError())
            refused.append(error)
    if refused and len(refused) == len(works):
        raise _answer_to(refused[0])
    return JSONResponse({"code": 0, "msg": "接收成功"})


def _entries(request: Request, body: bytes, reader: TypeAdapter[list[_Entry]]) -> list[_Entry]:
    """Raises WebhookUnreadable for what is not a list of such entries."""
    try:
        entries = reader.validate_json(body)
    except ValidationError as error:
        raise _refusal(request, Unreadable("it is not a list of such reports"), WebhookUnreadable()) from error
    if not entries:
        raise _refusal(request, Unreadable("the list is empty"), WebhookUnreadable())
    return entries


def _answer_to(error: WebhookRefused) -> ReviewError:
    if isinstance(error, Replayed):
        return ToldBefore()
    return NotFound() if isinstance(error, UnknownMessage) else WebhookUnreadable()


def _refusal(request: Request, why: WebhookRefused, answer: ReviewError) -> ReviewError:
    """Logged by the name of the route, because a path may hold the token."""
    endpoint = request.scope.get("endpoint")
    log.warning("webhook refused", extra={"door": getattr(endpoint, "__name__", "?"), "why": str(why)})
    return answer
