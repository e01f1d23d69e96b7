"""Start every test run with the signals of an interactive one.

A process that was started with SIGINT or SIGHUP ignored (in the background of a script, or by
nohup) hands that down to its children, which then do not end when a test interrupts them. What has
a handler becomes the default in a child; the run itself goes on after a hang-up, as nohup promises.
"""

import signal

from hypothesis import settings


def pytest_configure() -> None:
    """Handle SIGINT and SIGHUP where they are ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _number, _frame: None)


# A slow or busy machine must not fail an example for the time that it took.
settings.register_profile(
    "unhurried", settings.get_profile(settings.get_current_profile_name()), deadline=None
)
settings.load_profile("unhurried")
