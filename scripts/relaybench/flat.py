"""What a message costs with few and with many people connected, of whom only some talk."""

from relaybench.arrivals import meet
from relaybench.contenders import Running
from relaybench.pairs import measure_pairs
from relaybench.sample import Sample

TALKING_PAIRS = 5


def measure_flat(running: Running, users: int, seconds: float) -> Sample:
    """Let a few pairs talk, one message under way in each, while all others are silent."""
    clients = meet(running.dialect.pairs(running.dialling, users // 2))
    talkers, silent = clients[: 2 * TALKING_PAIRS], clients[2 * TALKING_PAIRS :]
    try:
        return measure_pairs(running.server, talkers, 1, seconds)
    finally:
        for client in silent:
            client.stream.close()
