"""The gateways of the settings, made ready, and the relay that keeps promises through them.

The folder gateway `file` is always there. Several threads hand messages over at once, so that one gateway that is slow
to answer does not hold up what the others carry.
"""

import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import SecretStr

from cases import owners
from cases.deadlines import AskRegister
from cases.lifecycle import PROGRAM
from cases.page_links import PageLinks
from cases.service.cashier_http import HttpCashier
from cases.service.order_keeper import OrderKeeper
from evidence.errors import NotPublished
from evidence.publication import Mail, no_mail
from notify.errors import NotifyError, RoutesRefused
from notify.file_gateway import FileGateway
from notify.gateway import Gateway, Letter
from notify.gateway_http import GatewayHttp, GatewayNetworks
from notify.hooks import DEADLINE_S, MOST_BYTES, hook_relay
from notify.mail_gateway import MailGateway
from notify.messages import KINDS, Composing, no_link
from notify.owner_register import HttpRegister
from notify.relay import Relay
from notify.routes import Routes, read_routes
from notify.sms_aliyun import AliyunGateway
from notify.sms_twilio import TwilioGateway
from notify.webhook_gateway import Robot, RobotGateway, WebhookGateway
from review_ui.settings import Webhooks
from streetwitness.errors import SettingsRefused
from streetwitness.settings import Settings
from streetwitness.workplace import Workplace, now

AT_ONCE = 4
LOOKS_EVERY_S = 0.5

Clock = Callable[[], datetime]


class Keeper(Protocol):
    """Of promises: messages, webhooks, orders."""

    def deliver_due(self) -> int:
        """Tries what is due; how much it was."""
        ...


def gateways_of(settings: Settings, clock: Clock) -> dict[str, Gateway]:
    """Every gateway that is set up, by its name in routes."""
    networks = GatewayNetworks.of(settings.gateway_networks)
    http = GatewayHttp(networks)
    found: dict[str, Gateway] = {"file": FileGateway(settings.data.outbox)}
    if settings.twilio_account_sid and settings.twilio_auth_token and settings.twilio_sender:
        found["twilio"] = TwilioGateway(
            account_sid=settings.twilio_account_sid,
            auth_token=settings.twilio_auth_token.get_secret_value(),
            sender=settings.twilio_sender,
            public_url=settings.public_url,
            http=http,
            base=settings.twilio_base_url,
        )
    if settings.aliyun_access_key_id and settings.aliyun_access_key_secret and settings.aliyun_sign_name:
        found["aliyun"] = AliyunGateway(
            access_key_id=settings.aliyun_access_key_id,
            access_key_secret=settings.aliyun_access_key_secret.get_secret_value(),
            sign_name=settings.aliyun_sign_name,
            templates=settings.aliyun_templates or {},
            http=http,
            clock=clock,
            base=settings.aliyun_base_url,
        )
    if settings.mail_url and settings.mail_sender and settings.mail_to:
        url = settings.mail_url.get_secret_value()
        found["mail"] = MailGateway(url, settings.mail_sender, settings.mail_to, networks, clock)
    if settings.webhook_url and settings.webhook_secret:
        url, secret = settings.webhook_url.get_secret_value(), settings.webhook_secret.get_secret_value()
        found["webhook"] = WebhookGateway(url, secret, http, clock)
    if settings.wecom_url:
        found["wecom"] = RobotGateway(Robot.WECOM, settings.wecom_url.get_secret_value(), None, http, clock)
    if settings.dingtalk_url:
        url, secret_of = settings.dingtalk_url.get_secret_value(), _shown(settings.dingtalk_secret)
        found["dingtalk"] = RobotGateway(Robot.DINGTALK, url, secret_of, http, clock)
    return found


def mails_heads(settings: Settings) -> Mail:
    """How tree heads are mailed, by the mail server that messages go through; see evidence/publication.py."""
    if settings.mail_url is None or settings.mail_sender is None:
        return no_mail
    url, sender = settings.mail_url.get_secret_value(), settings.mail_sender
    networks = GatewayNetworks.of(settings.gateway_networks)

    def mail(address: str, key: str, line: bytes) -> None:
        try:
            MailGateway(url, sender, address, networks, now).send(key, Letter(address, line.decode(), "tree_head", {}))
        except NotifyError as error:
            raise NotPublished("the mailbox of the heads", str(error)) from error

    return mail


def routes_of(settings: Settings, clock: Clock) -> Routes:
    """Raises SettingsRefused."""
    try:
        return read_routes(settings.message_routes, gateways_of(settings, clock), KINDS)
    except RoutesRefused as error:
        raise SettingsRefused(f"STREETWITNESS_MESSAGE_ROUTES: {error}") from error


def register_of(settings: Settings, clock: Clock) -> HttpRegister | None:
    """The register elsewhere; None where there is none but our own."""
    if settings.register_url is None or settings.register_secret is None:
        return None
    http = GatewayHttp(GatewayNetworks.of(settings.gateway_networks))
    return HttpRegister(
        settings.register_url.get_secret_value(), settings.register_secret.get_secret_value(), http, clock
    )


def asks_register(workplace: Workplace) -> AskRegister:
    """How the owner of a vehicle that our rows do not know is asked for."""
    settings = workplace.settings
    register = register_of(settings, now)
    keep_for = timedelta(days=settings.register_keep_days)

    def ask(plate: str, incident_id: uuid.UUID) -> None:
        asking = owners.Asking(plate, "to tell the owner to move the vehicle", PROGRAM, incident_id)
        owners.look_up(workplace.sessions, workplace.key(), asking, register=register, keep_for=keep_for, clock=now)

    return ask


def webhooks_of(workplace: Workplace) -> Webhooks | None:
    """What providers are believed by; None where the site has no public address."""
    settings = workplace.settings
    if settings.public_url is None:
        return None
    return Webhooks(
        settings.public_url,
        workplace.key(),
        settings.twilio_account_sid,
        _shown(settings.twilio_auth_token),
        _shown(settings.aliyun_webhook_token),
    )


def relay_of(workplace: Workplace) -> Relay:
    """Where the site has a public address, messages lead to the pages behind them."""
    settings = workplace.settings
    link_for = PageLinks(settings.public_url) if settings.public_url is not None else no_link
    return Relay(
        sessions=workplace.sessions,
        gateways=gateways_of(settings, now),
        routes=routes_of(settings, now),
        composing=Composing(workplace.key(), settings.message_language, link_for),
        clock=now,
    )


def relay_of_hooks(workplace: Workplace) -> Relay:
    """What other systems are told goes by itself, so that none of them holds up what people wait for."""
    http = GatewayHttp(GatewayNetworks.of(workplace.settings.gateway_networks), DEADLINE_S, MOST_BYTES)
    return hook_relay(workplace.sessions, workplace.key(), http, now)


def cashier_of(settings: Settings, clock: Clock) -> HttpCashier | None:
    """Who collects fines; None where payments are entered by hand."""
    url, secret = _shown(settings.cashier_url), _shown(settings.cashier_secret)
    if url is None or secret is None:
        return None
    http = GatewayHttp(GatewayNetworks.of(settings.gateway_networks))
    return HttpCashier(url.rstrip("/"), secret, http, clock)


def keeper_of_orders(workplace: Workplace) -> OrderKeeper | None:
    """What keeps orders and refunds; None where there is no cashier."""
    cashier = cashier_of(workplace.settings, now)
    return None if cashier is None else OrderKeeper(workplace.sessions, cashier, now)


def keep_promises(relays: Sequence[Keeper], stop: threading.Event) -> None:
    """Until `stop` is set, each relay with threads of its own. What one thread could not cope with ends them all: the
    supervisor starts anew.
    """

    def keep(relay: Keeper) -> None:
        while not stop.wait(LOOKS_EVERY_S):
            relay.deliver_due()

    with ThreadPoolExecutor(AT_ONCE * len(relays), thread_name_prefix="relay") as pool:
        threads = [pool.submit(keep, relay) for relay in relays for _ in range(AT_ONCE)]
        done, _ = wait(threads, return_when=FIRST_EXCEPTION)
        stop.set()
        for thread in done:
            thread.result()


def _shown(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
