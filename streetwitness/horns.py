"""The loudspeakers of the site, spoken through: promises taken up, and each horn's queue worked off beside the others.

One that is slow to answer, or has much to say, holds no other up.
"""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from cases.horn_queue import HornQueue
from evidence.vault import Vault
from notify.gateway_http import GatewayNetworks
from notify.loudspeaker import Horns
from notify.speech import find_voice
from streetwitness.stores import at_hand
from streetwitness.workplace import Workplace, now

log = logging.getLogger(__name__)

LOOKS_EVERY_S = 0.3
AT_ONCE = 16  # horns that speak at the same time, of this process


def queue_of(workplace: Workplace, vault: Vault) -> HornQueue:
    settings = workplace.settings
    voice = find_voice(settings.voice_command)
    if voice is None:
        log.error("nothing here can speak, loudspeakers play a chime; install espeak-ng or set VOICE_COMMAND")
    return HornQueue(
        sessions=workplace.sessions,
        vault=vault,
        at_hand=at_hand(settings),
        key=workplace.key(),
        horn_for=Horns(workplace.data.announcements, GatewayNetworks.of(settings.horn_networks, "horn_networks")).horn,
        voice=voice,
        language=settings.message_language,
        clock=now,
    )


def speak_through_horns(workplace: Workplace, stop: threading.Event) -> None:
    """Until `stop` is set; what is being played is played to its end. What one thread could not cope with ends it."""
    with Vault.open(workplace.data.vault) as vault, ThreadPoolExecutor(AT_ONCE, thread_name_prefix="horn") as pool:
        queue = queue_of(workplace, vault)
        speaking: dict[str, Future[int]] = {}
        while not stop.wait(LOOKS_EVERY_S):
            for horn in [horn for horn, work in speaking.items() if work.done()]:
                speaking.pop(horn).result()
            queue.take_up_promises()
            for horn in queue.with_work():
                if horn not in speaking:
                    speaking[horn] = pool.submit(queue.play_all, horn)
