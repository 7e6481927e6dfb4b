"""The store beside the vault as the settings name it, and the process that keeps it: copies made, checked, let go."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from evidence.at_hand import AtHand
from evidence.copies import Copier, CopyRound
from evidence.encryption import StoreKeys
from evidence.errors import StoreError
from evidence.store import Store, StoreAddress
from streetwitness.errors import SettingsRefused
from streetwitness.settings import PREFIX, Settings
from streetwitness.workplace import Workplace, now

log = logging.getLogger(__name__)

ROUND_EVERY_S = 5.0
AFTER_TROUBLE_S = 60.0
MOVE_EVERY_S = 3600.0


def store_of(settings: Settings) -> tuple[Store, StoreKeys | None] | None:
    """None where the settings name no store. Raises StoreRefused, StoreKeyUnusable, SettingsRefused."""
    if settings.store_url is None:
        return None
    access, secret = settings.store_access_key, settings.store_secret_key
    if (access is None) != (secret is None):
        raise SettingsRefused(f"{PREFIX}STORE_ACCESS_KEY and {PREFIX}STORE_SECRET_KEY belong together; set both")
    key_file = settings.store_key_file
    if key_file is not None and key_file.is_relative_to(settings.data.vault):
        raise SettingsRefused(f"{PREFIX}STORE_KEY_FILE lies beside what it opens; keep the key out of the vault")
    address = StoreAddress(
        settings.store_url,
        access.get_secret_value() if access else None,
        secret.get_secret_value() if secret else None,
    )
    return Store.open(address), StoreKeys.open(key_file) if key_file else None


def at_hand(settings: Settings) -> AtHand:
    """What reads sealed bytes of this site, wherever they are."""
    named = store_of(settings)
    return AtHand(settings.data.vault, *named) if named else AtHand(settings.data.vault)


def copier_of(workplace: Workplace) -> Copier | None:
    named = store_of(workplace.settings)
    return Copier(workplace.sessions, workplace.data.vault, *named, now) if named else None


def keep_copies(workplace: Workplace, stop: threading.Event, clock: Callable[[], float]) -> None:
    """Copies what is due until `stop` is set.

    Before the first byte the store shows that it writes nothing over. One that does not, or does not answer, is named
    in the log and asked again: what is sealed is safe in the vault meanwhile. Raises SettingsRefused for none.
    """
    copier = copier_of(workplace)
    if copier is None:
        raise SettingsRefused(f"{PREFIX}STORE_URL names no store; without one there is nothing to copy to")
    days = workplace.settings.store_keep_local_days
    proven, moved_s = False, clock() - MOVE_EVERY_S
    wait_s = 0.0
    while not stop.wait(wait_s):
        wait_s = ROUND_EVERY_S
        try:
            if not proven:
                copier.store.prove_write_once()
                proven = True
            done = copier.remove_deleted(copier.copy_due())
            if days is not None and clock() - moved_s >= MOVE_EVERY_S:
                moved_s = clock()
                copier.move_away(timedelta(days=days), done)
        except StoreError as error:
            log.warning("copies wait: %s", error)
            wait_s = AFTER_TROUBLE_S
        else:
            tell(done)


def tell(done: CopyRound) -> None:
    if done.differing:
        log.error("copies differ from what was sealed", extra={"sha256": done.differing})
    for what in ("copied", "failed", "removed", "moved_away"):
        if digests := getattr(done, what):
            log.info("%s %d objects", what.replace("_", " "), len(digests))
