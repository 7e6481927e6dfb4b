"""The law as data: what was in force on a day, and that a flawed file is refused."""

from datetime import date
from pathlib import Path

import pytest

from cases.errors import LawDataUnusable
from cases.law.provisions import OFFENCES, choose, provision_in_force, read_provisions
from models.enums import Offence

IN_FORCE = date(2026, 3, 2)


def test_illegal_parking_has_its_articles_on_a_day_in_force() -> None:
    provision = provision_in_force(Offence.ILLEGAL_PARKING, IN_FORCE)
    assert provision is not None
    assert "机动车应当在规定地点停放" in provision.article_named("road-traffic-56").text
    assert "二十元以上二百元以下" in provision.article_named("road-traffic-93").text
    assert provision.competence.decided == "locally"


@pytest.mark.parametrize(
    ("on", "found"),
    [(date(2021, 7, 14), False), (date(2021, 7, 15), True)],
    ids=["the_day_before", "the_first_day"],
)
def test_a_provision_counts_from_its_first_day(on: date, found: bool) -> None:
    assert (provision_in_force(Offence.ILLEGAL_PARKING, on) is not None) is found


def test_a_provision_that_ended_gives_way_to_the_one_after() -> None:
    (today,) = read_provisions(OFFENCES / "illegal_parking.toml")
    old = today.model_copy(update={"id": "old", "valid_from": date(2010, 1, 1), "valid_to": date(2021, 7, 15)})
    chosen = [choose((old, today), on) for on in (date(2009, 1, 1), date(2021, 7, 14), date(2021, 7, 15))]
    assert [provision.id if provision else None for provision in chosen] == [None, "old", today.id]


@pytest.mark.parametrize("offence", Offence)
def test_every_offence_has_a_provision_in_force_and_none_before_the_first(offence: Offence) -> None:
    assert provision_in_force(offence, IN_FORCE) is not None
    assert provision_in_force(offence, date(2000, 1, 1)) is None


def test_what_was_not_compared_is_marked() -> None:
    provision = provision_in_force(Offence.ILLEGAL_PARKING, IN_FORCE)
    assert provision is not None
    assert [article.id for article in provision.article if not article.verified] == ["police-procedure-22"]
    assert all(article.read_in for article in provision.article if article.verified)


WHOLE = (OFFENCES / "illegal_parking.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (WHOLE.replace('article = "road-traffic-93"', 'article = "road-traffic-39"'), "road-traffic-39"),
        (WHOLE.replace("valid_from", "valid_since"), "valid_since"),
        (WHOLE.replace('read_in = "https', 'cited_in = "https'), "cited_in"),
        (WHOLE.replace("verified = false", "verified = true"), "name in read_in"),
        (WHOLE.replace("[[provision]]", "[[provision"), "illegal_parking.toml"),
    ],
    ids=["cites_nothing", "misspelt_date", "misspelt_key", "verified_without_source", "not_toml"],
)
def test_a_flawed_law_file_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    assert text != WHOLE
    path = tmp_path / "illegal_parking.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(LawDataUnusable, match=r"illegal_parking\.toml") as refused:
        read_provisions(path)
    assert named in str(refused.value)
