"""Somebody and something in a case file: for pages that show them, and for asking who may reach what."""

import uuid
from datetime import date, timedelta

from sqlalchemy.orm import Session

from cases import credit_notes, goods, parties, witnesses
from cases.casework.steps import By
from cases.goods import Leaving, Taking, Thing
from cases.parties import Entry
from cases.records.typed import Typed, as_json
from cases.witnesses import Heard
from models.case_files import CaseFile
from models.enums import GoodsKind, MeasureKind, PartyKind, PartyNoteKind, PartyRole, RecordKind, RecordState
from models.parties import GoodsPicture
from models.people import User
from models.personal_data import PersonalDataKey
from models.records import FileRecord
from tests.rows import after

AT = after(230)
TODAY = date(2026, 3, 2)


def add_people_and_goods(
    session: Session, key: PersonalDataKey, file: CaseFile, user: User, *, area_id: str | None, sha256: str
) -> dict[str, str]:
    """One of everything that a path can name; sha256: of a sealed picture. The ids, by the names in the paths."""
    by = By.person(user)
    name = f"张三 {area_id or ''}".strip()
    party = parties.enter(session, key, Entry(PartyKind.PERSON, name), by=by, at=AT, another=True)
    link = parties.link(session, file, party, PartyRole.PARTY, by=by, at=AT)
    note = credit_notes.add(
        session,
        key,
        party,
        PartyNoteKind.HARDSHIP,
        "低保户",
        legal_basis="行政处罚法第六十六条",
        from_on=TODAY,
        expires_on=TODAY + timedelta(days=365),
        by=by,
        at=AT,
    )
    heard = Heard("李四", "看见车停在人行道上。", TODAY)
    witness = witnesses.add_witness(session, key, file, heard, by=user, at=AT)
    record_id = _draft_of_a_record(session, key, file, user)
    store = goods.open_store(session, name=f"库房 {area_id or ''}".strip(), place="1", area_id=area_id, by=user, at=AT)
    taken = Taking(MeasureKind.SEIZURE, f"扣-{file.id.hex[:6]}", "条例", "工具", TODAY, party.id)
    measure = goods.take(session, file, taken, by=user, at=AT)
    item = goods.enter_item(
        session, file, measure, Thing("三轮车", GoodsKind.TOOL, "1", "辆", "完好"), store, by=user, at=AT
    )
    session.add(GoodsPicture(item_id=item.id, position=1, sha256=sha256, added_by=user.name, added_at=AT))
    leaving = Leaving("1", "鉴定", "鉴定所", None, TODAY + timedelta(days=7))
    request = goods.ask(session, key, file, item, leaving, by=user, at=AT)
    return {
        "party_id": str(party.id),
        "file_party_id": str(link.id),
        "party_note_id": str(note.id),
        "witness_id": str(witness.id),
        "record_id": record_id,
        "store_id": str(store.id),
        "measure_id": str(measure.id),
        "item_id": str(item.id),
        "goods_request_id": str(request.id),
    }


def _draft_of_a_record(session: Session, key: PersonalDataKey, file: CaseFile, user: User) -> str:
    """As this user began it, whatever their roles."""
    record_id = uuid.uuid4()
    record = FileRecord(
        id=record_id,
        file_id=file.id,
        kind=RecordKind.INQUIRY,
        number=1,
        state=RecordState.DRAFT,
        revision=1,
        written_by_id=user.id,
        written_at=AT,
        changed_at=AT,
        draft_sealed=key.seal(as_json(Typed(place=file.place)), f"file_record.draft:{record_id}"),
        place=file.place,
    )
    session.add(record)
    session.flush()
    return str(record_id)
