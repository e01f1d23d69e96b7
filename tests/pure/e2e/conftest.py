"""The profile of long runs: ``pytest tests/pure/e2e/test_... --hypothesis-profile=long``."""

from hypothesis import settings

from tests.pure.e2e.profiles import LONG

settings.register_profile(LONG, deadline=None, max_examples=500, stateful_step_count=60)
