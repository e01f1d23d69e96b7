"""Start every test run with the signals of an interactive one.

A process that was started with SIGINT or SIGHUP ignored (in the background of a script, or by
nohup) hands that down to its children, which then do not end when a test interrupts them. What has
a handler becomes the default in a child; the run itself goes on after a hang-up, as nohup promises.
"""

import gc
import signal

from hypothesis import settings

from tests.pure.e2e.profiles import LONG


def pytest_configure() -> None:
    """Handle SIGINT and SIGHUP where they are ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _number, _frame: None)


def pytest_collection() -> None:
    """Search for no garbage while the tests are collected: nearly all that is made stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave the thousands of tests, which stay to the end, out of each search for garbage."""
    gc.freeze()
    gc.enable()


# A slow or busy machine must not fail an example for the time that it took. The suite is to be run
# often, so it is brief; who looks for more gives --hypothesis-profile=long.
given = settings.get_profile(settings.get_current_profile_name())
settings.register_profile("brief", given, deadline=None, max_examples=20)
settings.register_profile(LONG, deadline=None, max_examples=500, stateful_step_count=60)
settings.load_profile("brief")
