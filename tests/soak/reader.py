"""A process of its own that fetches a mailbox: ``python -m tests.soak.reader PORT CA SEED COUNT``.

It prints a line when it has everything.
"""

import sys
import time
from pathlib import Path

from tests.sockets.load_devices import Device, running_loop


def main() -> None:
    port, ca, seed, count = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    with running_loop() as loop:
        device = Device(loop, port, ca, "bob", seed)
        began = time.monotonic()
        loop.call_soon(device.come)
        while sum(map(len, device.arrived.values())) < count:
            time.sleep(0.05)
        in_order = all(each == sorted(each) for each in device.arrived.values())
        print(f"{time.monotonic() - began:.2f} {in_order}", flush=True)


if __name__ == "__main__":
    main()
