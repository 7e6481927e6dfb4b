"""Names and phone numbers at rest: sealed under their own row, found without being shown."""

from pathlib import Path

import pytest

from models.people import Owner
from models.personal_data import PersonalDataError, PersonalDataKey, load_or_make_key
from tests.conftest import Database

PHONE = "+8613800000000"


@pytest.fixture
def key(tmp_path: Path) -> PersonalDataKey:
    return load_or_make_key(tmp_path / "keys" / "personal_data.key")


def add_owner(session, key: PersonalDataKey, name: str, phone: str) -> Owner:
    owner = Owner(name_sealed=b"", phone_sealed=b"", phone_index=key.index(phone))
    session.add(owner)
    session.flush()
    owner.name_sealed = key.seal(name, f"owner.name:{owner.id}")
    owner.phone_sealed = key.seal(phone, f"owner.phone:{owner.id}")
    session.flush()
    return owner


def test_an_owner_is_found_by_phone_and_read_with_the_key(database: Database, key: PersonalDataKey) -> None:
    with database.sessions.begin() as session:
        add_owner(session, key, "车主甲", PHONE)
        add_owner(session, key, "车主乙", "+8613800000001")
    with database.sessions() as session:
        owner = session.query(Owner).filter_by(phone_index=key.index(PHONE)).one()
        assert key.open(owner.name_sealed, f"owner.name:{owner.id}") == "车主甲"


def test_a_ciphertext_copied_into_another_row_does_not_open_there(database: Database, key: PersonalDataKey) -> None:
    with database.sessions.begin() as session:
        first, second = add_owner(session, key, "车主甲", PHONE), add_owner(session, key, "车主乙", PHONE)
        second.phone_sealed = first.phone_sealed
        second.name_sealed = second.phone_sealed
    with pytest.raises(PersonalDataError, match="belongs to another row"):
        key.open(second.phone_sealed, f"owner.phone:{second.id}")
    with pytest.raises(PersonalDataError, match="belongs to another row"):
        key.open(second.name_sealed, f"owner.name:{first.id}")


def test_no_plain_text_reaches_the_file(sqlite_database: Database, key: PersonalDataKey) -> None:
    with sqlite_database.sessions.begin() as session:
        add_owner(session, key, "车主甲", PHONE)
    sqlite_database.engine.dispose()
    stored = b"".join(path.read_bytes() for path in Path(sqlite_database.url[len("sqlite:///") :]).parent.glob("*.db*"))
    assert b"owner" in stored
    assert PHONE.encode() not in stored
    assert "车主甲".encode() not in stored


def test_every_flipped_bit_and_every_cut_is_noticed(key: PersonalDataKey) -> None:
    sealed = key.seal(PHONE, "owner.phone:1")
    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(PersonalDataError):
            key.open(bytes(changed), "owner.phone:1")


def test_another_key_opens_nothing_and_finds_nothing(key: PersonalDataKey, tmp_path: Path) -> None:
    other = load_or_make_key(tmp_path / "other.key")
    assert other.index(PHONE) != key.index(PHONE)
    with pytest.raises(PersonalDataError, match="wrong key"):
        other.open(key.seal(PHONE, "owner.phone:1"), "owner.phone:1")


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "personal_data.key"
    first = load_or_make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_make_key(path) == first
    assert first.secret.hex() not in repr(first)


def test_a_damaged_key_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(PersonalDataError, match="restore it"):
        load_or_make_key(tmp_path / "key")
