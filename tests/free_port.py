"""A port of loopback for a process that is told its port, and that may be started again at the same one.

Taken below the ports that the system gives to whoever asks for any (from 32768 on Linux): between here and the process
that binds it, no connection and no server of a neighbour comes by it.
"""

import random
import socket

FIRST, AFTER_LAST = 15_000, 32_000


def free_port() -> int:
    by_chance = random.SystemRandom()  # the other generators begin alike in every worker
    while True:
        port = by_chance.randrange(FIRST, AFTER_LAST)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
