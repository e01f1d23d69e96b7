"""A process that uses a share of a processor and nothing else: ``python -m tests.soak.burner 0.2``.

It stands in for a reader of a backlog, in the stretches of time in which that is held.
"""

import sys
import time

ROUND_S = 0.002


def main() -> None:
    share = float(sys.argv[1])
    while True:
        until = time.monotonic() + share * ROUND_S
        while time.monotonic() < until:
            pass
        time.sleep((1 - share) * ROUND_S)


if __name__ == "__main__":
    main()
