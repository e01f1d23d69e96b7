"""How long state machines run: briefly and always the same, or long and at random."""

from hypothesis import settings

LONG = "long"


def is_long() -> bool:
    """Return whether ``--hypothesis-profile=long`` asks for all that is left out of brief runs."""
    return settings.get_current_profile_name() == LONG


def profile(*, max_examples: int, steps: int) -> settings:
    """Return the settings of a brief run, or those that ``--hypothesis-profile=long`` asks for."""
    if is_long():
        return settings()
    return settings(max_examples=max_examples, stateful_step_count=steps, derandomize=True)
