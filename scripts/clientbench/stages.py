"""A client's start, stage by stage: ``python -m clientbench.stages NAME ADDRESS CA HOME``.

It prints one JSON object, `clientbench.starting.Stages`, of a profile that is there already.
"""

import sys
import threading
import time

import msgspec

from clientbench.starting import Stages

LOGIN_S = 60.0


def main() -> None:
    """Import, open, shake hands and log in, once each."""
    name, address, ca, home = sys.argv[1:]
    begin_s = time.perf_counter()
    from securechat import Client
    from securechat.client.connection.relays import parse_address
    from securechat.client.events import Event, Ready
    from securechat.transport.probe import probe

    imported_s = time.perf_counter()
    client = Client(name, address, home=home, ca=ca).open()
    opened_s = time.perf_counter()
    probe(*parse_address(address))
    probed_s = time.perf_counter()
    ready = threading.Event()

    def hear(event: Event) -> None:
        if isinstance(event, Ready):
            ready.set()

    client.subscribe(hear)
    client.start()
    if not ready.wait(LOGIN_S):
        raise TimeoutError("The client did not get in")
    ready_s = time.perf_counter()
    client.close()
    tls_s = probed_s - opened_s
    stages = Stages(
        importing=(imported_s - begin_s) * 1000,
        opening=(opened_s - imported_s) * 1000,
        tls=tls_s * 1000,
        login=max(ready_s - probed_s - tls_s, 0.0) * 1000,
    )
    sys.stdout.write(msgspec.json.encode(stages).decode())


if __name__ == "__main__":
    main()
