"""Names and phone numbers at rest: sealed under their own row, found without being shown."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models import resealing
from models.people import Owner
from models.personal_data import PersonalDataError, PersonalDataKey, forget_retired, load_or_make_key, rotate
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


def test_a_new_key_seals_from_then_on_and_the_old_one_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "personal_data.key"
    running = load_or_make_key(path)
    before = running.seal(PHONE, "owner.phone:1")
    rotated = rotate(path)
    assert [running.key_id, *running.retired_ids] == [rotated.key_id, *rotated.retired_ids]
    assert len(rotated.retired_ids) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    after = running.seal(PHONE, "owner.phone:1")  # a process that runs since yesterday notices
    assert after.startswith(rotated.prefix)
    assert not before.startswith(rotated.prefix)
    assert running.open(before, "owner.phone:1") == rotated.open(after, "owner.phone:1") == PHONE
    assert set(rotated.indexes(PHONE)) >= {rotated.index(PHONE)}
    assert len(rotated.indexes(PHONE)) == 2


def test_a_value_of_before_keys_had_names_opens_still(key: PersonalDataKey) -> None:
    nonce = b"n" * 12
    sealed = b"\x01" + nonce + AESGCM(key.secret).encrypt(nonce, PHONE.encode(), b"owner.phone:1")
    assert key.open(sealed, "owner.phone:1") == PHONE
    with pytest.raises(PersonalDataError, match="belongs to another row"):
        key.open(sealed, "owner.phone:2")


def test_what_a_forgotten_key_sealed_never_opens_again_and_says_which_key_it_was(tmp_path: Path) -> None:
    path = tmp_path / "personal_data.key"
    key = load_or_make_key(path)
    sealed, named = key.seal(PHONE, "owner.phone:1"), key.key_id
    rotate(path)
    left = forget_retired(path)
    assert left.retired_ids == []
    with pytest.raises(PersonalDataError, match=f"key {named}; restore"):
        left.open(sealed, "owner.phone:1")


def test_resealing_brings_every_value_and_its_digest_to_the_new_key_and_goes_on_after_a_kill(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "personal_data.key"
    key = load_or_make_key(path)
    with database.sessions.begin() as session:
        for number in range(5):
            add_owner(session, key, f"车主{number}", f"+861380000000{number}")
    monkeypatch.setattr(resealing, "BATCH", 2)
    rotated = rotate(path)
    assert resealing.older(database.sessions, rotated) == {"owner.name": 5, "owner.phone": 5}

    def killed(done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resealing.reseal(database.sessions, rotated, killed)
    assert resealing.older(database.sessions, rotated) == {"owner.name": 1, "owner.phone": 5}
    assert resealing.reseal(database.sessions, rotated) == 6
    assert resealing.older(database.sessions, rotated) == {}
    left = forget_retired(path)
    with database.sessions() as session:
        owner = session.query(Owner).filter_by(phone_index=left.index("+8613800000003")).one()
        assert left.open(owner.name_sealed, f"owner.name:{owner.id}") == "车主3"


def test_every_sealed_column_follows_the_convention_that_resealing_goes_by() -> None:
    names = {column.name for column in resealing.sealed_columns()}
    assert names >= {"owner.name", "owner.phone", "officer.phone", "camera_connection.password"}
    indexed = {column.name for column in resealing.sealed_columns() if column.index is not None}
    assert indexed >= {"owner.phone", "do_not_contact.phone"}
