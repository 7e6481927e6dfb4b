"""The register of vehicles and owners: how one comes into the rows, and lists of them from a spreadsheet.

A list has a column for the plate, and may have one for the owner's name and one for the phone, headed in Chinese or
English, in any order; UTF-8 or GB18030, separated by commas, semicolons or tabs. It is taken in whole or not at all,
and with the purpose it is taken in for. Names and numbers are sealed on the way in, and no message repeats a number.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.camera_register import Registered
from cases.errors import ReasonMissing, RegisterRefused
from cases.site_file import VehicleEntry, sentence_of
from cases.site_yaml import Problem
from models.enums import LookupOutcome, LookupSource
from models.people import Owner, Vehicle
from models.personal_data import PersonalDataKey
from models.register import RegisterLookup
from notify.errors import Unreadable
from notify.replies import international

MAX_BYTES = 50_000_000
MAX_VEHICLES = 200_000
MOST_PROBLEMS = 50
SEPARATORS = ",;\t"
HEADINGS = {
    "plate": {
        "plate",
        "plate number",
        "licence plate",
        "license plate",
        "车牌",
        "车牌号",
        "号牌",
        "号牌号码",
        "车牌号码",
    },
    "owner": {"owner", "name", "keeper", "车主", "车主姓名", "姓名", "所有人", "机动车所有人"},
    "phone": {"phone", "mobile", "phone number", "电话", "手机", "手机号", "手机号码", "联系电话"},
}


@dataclass(frozen=True)
class RegisterLine:
    line: int
    entry: VehicleEntry = field(repr=False)


def register_vehicle(
    session: Session, key: PersonalDataKey, entry: VehicleEntry, *, checked_at: datetime | None = None
) -> Registered:
    """Makes the rows say whose vehicle it is; an owner is one row by phone.

    checked_at: when another register said so; None: it stands until somebody says otherwise.
    """
    owner_id, renamed = None, False
    if entry.owner is not None and entry.phone is not None:
        owner = session.scalar(select(Owner).where(Owner.phone_index.in_(key.indexes(entry.phone))))
        if owner is None:
            owner = _add_owner(session, key, entry.owner, entry.phone)
        elif key.open(owner.name_sealed, f"owner.name:{owner.id}") != entry.owner:
            owner.name_sealed, renamed = key.seal(entry.owner, f"owner.name:{owner.id}"), True
        owner_id = owner.id
    vehicle = session.scalar(select(Vehicle).where(Vehicle.plate == entry.plate))
    if vehicle is None:
        session.add(Vehicle(plate=entry.plate, owner_id=owner_id, checked_at=checked_at))
        session.flush()
        return Registered.ADDED
    changed = renamed or vehicle.owner_id != owner_id
    vehicle.owner_id, vehicle.checked_at = owner_id, checked_at
    session.flush()
    return Registered.CHANGED if changed else Registered.UNCHANGED


def _add_owner(session: Session, key: PersonalDataKey, name: str, phone: str) -> Owner:
    row_id = uuid4()
    owner = Owner(
        id=row_id,
        name_sealed=key.seal(name, f"owner.name:{row_id}"),
        phone_sealed=key.seal(phone, f"owner.phone:{row_id}"),
        phone_index=key.index(phone),
    )
    session.add(owner)
    session.flush()
    return owner


def read_register(path: Path) -> list[RegisterLine]:
    """Every line of the list. Raises RegisterRefused with everything that is wrong, by line."""
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise RegisterRefused(path, [Problem(1, "", f"larger than {MAX_BYTES} bytes; split it")])
    problems: list[Problem] = []
    lines: list[RegisterLine] = []
    for line, cells in _rows(path, _text_of(path, raw)):
        try:
            lines.append(RegisterLine(line, _entry(cells)))
        except ValidationError as error:
            problems += [Problem(line, _named(each["loc"]), sentence_of(each)) for each in error.errors()]
        except Unreadable:
            problems.append(Problem(line, "phone", "not a phone number; write it as 13800000000 or +8613800000000"))
    problems += _contradictions(lines)
    if not lines and not problems:
        problems.append(Problem(1, "", "names no vehicle"))
    if len(lines) > MAX_VEHICLES:
        problems.append(Problem(1, "", f"more than {MAX_VEHICLES} vehicles; split it"))
    if problems:
        shown = sorted(problems)[:MOST_PROBLEMS]
        if len(problems) > MOST_PROBLEMS:
            shown.append(Problem(shown[-1].line, "", f"and {len(problems) - MOST_PROBLEMS} more; mend these first"))
        raise RegisterRefused(path, shown)
    return lines


def take_in(
    session: Session,
    key: PersonalDataKey,
    lines: Sequence[RegisterLine],
    *,
    purpose: str,
    actor: str,
    at: datetime,
) -> dict[Registered, int]:
    """Registers every vehicle of the list, each with a row of what for; how many were added, changed, unchanged.

    Raises ReasonMissing.
    """
    if not purpose.strip():
        raise ReasonMissing
    done = dict.fromkeys(Registered, 0)
    for each in lines:
        done[register_vehicle(session, key, each.entry)] += 1
        session.add(
            RegisterLookup(
                plate=each.entry.plate,
                purpose=purpose.strip(),
                asked_by=actor,
                source=LookupSource.IMPORT,
                outcome=LookupOutcome.FOUND if each.entry.phone else LookupOutcome.NO_PHONE,
                at=at,
            )
        )
    session.flush()
    return done


def _text_of(path: Path, raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):  # Excel in China writes GB18030
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
    raise RegisterRefused(path, [Problem(line, "", "neither UTF-8 nor GB18030 text; save it as “CSV UTF-8”")])


def _rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if columns is None:
                columns = _columns(path, cells)
            elif any(cell.strip() for cell in cells):
                yield line, {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}
            line = reader.line_num + 1
    except csv.Error as error:
        raise RegisterRefused(path, [Problem(line, "", f"this line cannot be read as a table: {error}")]) from error


def _columns(path: Path, cells: Sequence[str]) -> list[str]:
    """What each column holds; columns of other things are passed over."""
    columns = [_column(cell) for cell in cells]
    for name in HEADINGS:
        if columns.count(name) > 1:
            raise RegisterRefused(path, [Problem(1, name, "two columns are headed so; leave one of them out")])
    if "plate" not in columns:
        raise RegisterRefused(
            path, [Problem(1, "", "no column is headed plate or 车牌; the first line names the columns")]
        )
    return columns


def _column(heading: str) -> str:
    bare = heading.strip().lower()
    return next((name for name, headings in HEADINGS.items() if bare in headings), "")


def _entry(cells: dict[str, str]) -> VehicleEntry:
    """Raises ValidationError, Unreadable."""
    values = {name: cells[name] for name in HEADINGS if name in cells}
    if "phone" in values:
        values["phone"] = international(values["phone"])
    return VehicleEntry.model_validate(values)


def _named(where: tuple[int | str, ...]) -> str:
    return str(where[-1]) if where else ""


def _contradictions(lines: Sequence[RegisterLine]) -> list[Problem]:
    """A plate that stands there twice, and a phone with two names."""
    problems: list[Problem] = []
    plates: dict[str, int] = {}
    names: dict[str, tuple[str, int]] = {}
    for each in lines:
        entry = each.entry
        if entry.plate in plates:
            problems.append(
                Problem(each.line, "plate", f"`{entry.plate}` stands there twice (first on line {plates[entry.plate]})")
            )
        plates.setdefault(entry.plate, each.line)
        if entry.phone is None or entry.owner is None:
            continue
        name, line = names.setdefault(entry.phone, (entry.owner, each.line))
        if name != entry.owner:
            problems.append(Problem(each.line, "phone", f"stands on line {line} with another owner; correct one"))
    return problems
