"""Numbers and names of parties: brought into one form, checked by their check digits, shown masked.

Pure. A resident's number is that of GB 11643 (18 signs, the last by ISO 7064 MOD 11-2), an organisation's credit code
that of GB 32100. The county in a resident's number is not asked for: counties are dissolved, and cards stay.
"""

import re
import unicodedata
from datetime import date

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from cases.casework.errors import FileRefused
from models.enums import PartyNumberKind
from notify.errors import Unreadable
from notify.replies import international

RESIDENT_ID = re.compile(r"\d{17}[\dX]")
OTHER_NUMBER = re.compile(r"[0-9A-Z]{4,40}")
LONGEST_NAME = 200
LONGEST_ADDRESS = 300
SHOWN_AT_START, SHOWN_AT_END = 3, 4  # of a number, masked
SHOWN_OF_ADDRESS = 6


def number_of(kind: PartyNumberKind, typed: str) -> str:
    """The number in the one form it is kept in. Raises FileRefused for what cannot be one."""
    bare = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed)).upper()
    match kind:
        case PartyNumberKind.RESIDENT_ID:
            return _resident_id(bare)
        case PartyNumberKind.CREDIT_CODE:
            try:
                return str(uscc.validate(bare))
            except ValidationError as error:
                raise FileRefused("credit_code_wrong") from error
        case PartyNumberKind.OTHER:
            if not OTHER_NUMBER.fullmatch(bare):
                raise FileRefused("number_unreadable")
            return bare


def _resident_id(bare: str) -> str:
    if not RESIDENT_ID.fullmatch(bare) or ric.calc_check_digit(bare) != bare[-1]:
        raise FileRefused("resident_id_wrong")
    try:
        ric.get_birth_date(bare)
    except ValidationError as error:
        raise FileRefused("resident_id_wrong") from error
    return bare


def born_on(resident_id: str) -> date:
    """Of a number that was checked."""
    return ric.get_birth_date(resident_id)


def phone_of(typed: str) -> str:
    """Raises FileRefused."""
    try:
        return international(typed)
    except Unreadable as error:
        raise FileRefused("phone_unreadable") from error


def name_of(typed: str) -> str:
    """Raises FileRefused."""
    name = _words(typed)
    if not 0 < len(name) <= LONGEST_NAME:
        raise FileRefused("name_missing")
    return name


def address_of(typed: str) -> str:
    """Raises FileRefused."""
    address = _words(typed)
    if len(address) > LONGEST_ADDRESS:
        raise FileRefused("address_too_long", most=LONGEST_ADDRESS)
    return address


def masked_name(name: str) -> str:
    """The first sign, and that there are more."""
    return f"{name[:1]}**"


def masked_number(number: str) -> str:
    if len(number) <= SHOWN_AT_START + SHOWN_AT_END:
        return "*" * len(number)
    hidden = "*" * (len(number) - SHOWN_AT_START - SHOWN_AT_END)
    return f"{number[:SHOWN_AT_START]}{hidden}{number[-SHOWN_AT_END:]}"


def masked_address(address: str) -> str:
    """The town or street it begins with, no door."""
    return f"{address[: min(SHOWN_OF_ADDRESS, len(address) // 2)]}****"


def _words(typed: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", typed).split())
