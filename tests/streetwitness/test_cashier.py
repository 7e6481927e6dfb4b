"""The cashier of the settings: there when both its keys are given, refused when one of them is, never printed."""

import pytest

from streetwitness.errors import SettingsRefused
from streetwitness.gateways import cashier_of
from streetwitness.settings import Settings, load_settings
from streetwitness.workplace import now

SECRET = "sixteen characters"


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"STREETWITNESS_{name.upper()}", raising=False)


def test_without_a_cashier_payments_are_entered_by_hand() -> None:
    assert cashier_of(load_settings(), now) is None


def test_a_cashier_has_its_address_and_its_secret_and_shows_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREETWITNESS_CASHIER_URL", "https://pay.example/token-7/")
    monkeypatch.setenv("STREETWITNESS_CASHIER_SECRET", SECRET)
    cashier = cashier_of(load_settings(), now)
    assert cashier is not None
    assert cashier.base == "https://pay.example/token-7"
    assert "token-7" not in repr(cashier)
    assert SECRET not in repr(cashier)


@pytest.mark.parametrize(
    ("name", "value"),
    [("CASHIER_URL", "https://pay.example"), ("CASHIER_SECRET", SECRET)],
    ids=["address_alone", "secret_alone"],
)
def test_half_a_cashier_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"STREETWITNESS_{name}", value)
    with pytest.raises(SettingsRefused, match="belong together"):
        load_settings()
