"""A clock that is off: ``python -m tests.skewed SECONDS PROGRAM -m MODULE …`` runs the module so.

Python sees another time of day, by `time` and by `datetime`. What OpenSSL reads by itself stays as
it is; for a client that has a pin Python looks at the dates of a certificate.
"""

import datetime
import runpy
import sys
import time


class Skewed(datetime.datetime):
    """A date and time that is ``ahead`` of the true one when it is now."""

    ahead = datetime.timedelta()

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "Skewed":
        """Return what the clock that is off shows."""
        return super().now(tz) + cls.ahead


def skew(seconds: int) -> None:
    """Put the clock of this process forward."""
    true_ns = time.time_ns
    Skewed.ahead = datetime.timedelta(seconds=seconds)
    time.time_ns = lambda: true_ns() + seconds * 10**9
    time.time = lambda: time.time_ns() / 10**9
    datetime.datetime = Skewed  # type: ignore[misc]


if __name__ == "__main__":
    skew(int(sys.argv[1]))
    sys.argv = sys.argv[4:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
