"""The settings of messages: which gateways there are and what each is reached with, and which carries what.

A part of streetwitness/settings.py. A gateway is set up when all that it needs is given; half of it stops the start.
docs/messages.md says what each key means to the operator.
"""

from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

Templates = dict[str, str]

HORN_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")

TOGETHER = (
    ("twilio_account_sid", "twilio_auth_token", "twilio_sender"),
    ("aliyun_access_key_id", "aliyun_access_key_secret", "aliyun_sign_name", "aliyun_templates"),
    ("mail_url", "mail_sender", "mail_to"),
    ("webhook_url", "webhook_secret"),
    ("register_url", "register_secret"),
    ("cashier_url", "cashier_secret"),
)


class MessageSettings(BaseSettings):
    public_url: str | None = None  # where the internet reaches this site, https://desk.example
    message_routes: str = "*=file"
    message_language: Literal["zh", "en"] = "zh"
    gateway_networks: Annotated[tuple[str, ...], NoDecode] = ()  # besides the internet
    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_sender: str | None = None
    twilio_base_url: str = "https://api.twilio.com"
    aliyun_access_key_id: str | None = None
    aliyun_access_key_secret: SecretStr | None = None
    aliyun_sign_name: str | None = None
    aliyun_templates: Annotated[Templates | None, NoDecode] = None
    aliyun_base_url: str = "https://dysmsapi.aliyuncs.com"
    aliyun_webhook_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    mail_url: SecretStr | None = None
    mail_sender: str | None = None
    mail_to: str | None = None
    webhook_url: SecretStr | None = None
    webhook_secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    wecom_url: SecretStr | None = None
    dingtalk_url: SecretStr | None = None
    dingtalk_secret: SecretStr | None = None
    register_url: SecretStr | None = None
    register_secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    cashier_url: SecretStr | None = None  # who collects fines, docs/cashier.md; without the slash at its end
    cashier_secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    voice_command: str | None = None  # words on its standard input, WAV on its standard output; {language} in it
    horn_networks: Annotated[tuple[str, ...], NoDecode] = HORN_NETWORKS  # where loudspeakers may be dialled
    register_keep_days: Annotated[int, Field(ge=0, le=366)] = 30  # what the register said, before it is asked again

    @field_validator("gateway_networks", "horn_networks", mode="before")
    @classmethod
    def networks_listed(cls, value: Any) -> Any:
        """`10.0.0.0/8,127.0.0.1` as two networks."""
        return tuple(each.strip() for each in value.split(",") if each.strip()) if isinstance(value, str) else value

    @field_validator("gateway_networks", "horn_networks")
    @classmethod
    def are_networks(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Raises ValueError for what is no network such as 10.0.0.0/8."""
        for text in texts:
            ip_network(text)
        return texts

    @field_validator("aliyun_templates", mode="before")
    @classmethod
    def templates_listed(cls, value: Any) -> Any:
        """`move_vehicle=SMS_1,thank_you=SMS_2` as two templates."""
        if not isinstance(value, str):
            return value
        pairs = [each.strip().partition("=") for each in value.split(",") if each.strip()]
        if any(not kind or not code for kind, _, code in pairs):
            raise ValueError("is written move_vehicle=SMS_1,thank_you=SMS_2")
        return {kind: code for kind, _, code in pairs}

    @field_validator("public_url", "twilio_base_url", "aliyun_base_url")
    @classmethod
    def is_origin(cls, url: str | None) -> str | None:
        """Without the slash at its end: paths are put behind it."""
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError("is written https://desk.example, with nothing behind the host")
        return url.rstrip("/")

    @model_validator(mode="after")
    def gateways_whole(self) -> Self:
        for names in TOGETHER:
            missing = [name for name in names if getattr(self, name) is None]
            if missing and len(missing) < len(names):
                raise ValueError(f"{', '.join(names)} belong together; {', '.join(missing)} not given")
        return self
