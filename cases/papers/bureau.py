"""The bureau as its papers name it, read from `bureau.toml` in the site's own folder of papers.

What nobody has written down stands on a paper as a blank to fill in by hand, never as something made up.
"""

import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cases.papers.errors import SiteDataUnusable

FILE = "bureau.toml"
BLANK = "＿＿＿＿＿＿"


class Bureau(BaseModel):
    """reconsideration_body, court: where a party may turn to (行政处罚法 art. 59). pay_to: bank and account for fines.

    pay_url: where a fine can be paid by phone. objection_url: where a party may speak.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(BLANK, min_length=1, max_length=100)
    address: str = Field(BLANK, max_length=200)
    phone: str = Field(BLANK, max_length=60)
    reconsideration_body: str = Field(BLANK, max_length=100)
    reconsideration_online: str = Field("", max_length=200)
    court: str = Field(BLANK, max_length=100)
    enforcement_court: str = Field(BLANK, max_length=100)
    pay_to: str = Field(BLANK, max_length=200)
    pay_url: str = Field("", max_length=300, pattern=r"^(https://\S+)?$")
    objection_url: str = Field("", max_length=300, pattern=r"^(https://\S+)?$")


def read_bureau(folder: Path | None) -> Bureau:
    """Raises SiteDataUnusable. Without a folder, or a file in it, everything is blank."""
    if folder is None:
        return Bureau()  # type: ignore[call-arg] # every field has its blank
    path = folder / FILE
    try:
        changed_ns = path.stat().st_mtime_ns
    except FileNotFoundError:
        return Bureau()  # type: ignore[call-arg]
    return _read(path, changed_ns)


@lru_cache(maxsize=4)
def _read(path: Path, _changed_ns: int) -> Bureau:
    try:
        return Bureau.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise SiteDataUnusable(path, str(error)) from error
