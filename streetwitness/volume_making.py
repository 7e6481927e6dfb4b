"""Volumes by a worker: what it binds with, from the settings of this machine."""

import uuid
from importlib.metadata import version

from cases.papers.bureau import read_bureau
from cases.volume.making import Bindery, make
from cases.volume.order import order_of
from evidence.at_hand import AtHand
from evidence.vault import Vault
from streetwitness.stores import at_hand
from streetwitness.workplace import Workplace, now


def make_volume(workplace: Workplace, volume_id: uuid.UUID) -> bool:
    """As cases/volume/making.py `make`."""
    data = workplace.data
    with Vault.open(data.vault) as vault:
        bindery = Bindery(
            sessions=workplace.sessions,
            vault=vault,
            hand=at_hand(workplace.settings) or AtHand(data.vault),
            order=order_of(data.casework),
            software=f"streetwitness {version('streetwitness')}",
            clock=now,
            bureau=read_bureau(data.papers).name,
            key=workplace.key(),
        )
        return make(bindery, volume_id)
