"""How long a device may take to acknowledge an envelope before the store is given it."""

COMMIT_AFTER_S = 0.05
"""Within what time an envelope that is not acknowledged goes to the store."""

MAX_COMMIT_AFTER_S = 0.5
"""The same for a device whose last acknowledgement took long: the disk would slow it further."""

PATIENCE = 8
"""How many times what an acknowledgement took the next ones may take, within these bounds."""

PATIENCE_LEFT = 0.95
"""What is left of the patience after an acknowledgement that was faster."""


def after_wait(patience_s: float, waited_s: float) -> float:
    """Return the patience after an acknowledgement: more at once, or less by and by; seconds."""
    if PATIENCE * waited_s > patience_s:
        return min(PATIENCE * waited_s, MAX_COMMIT_AFTER_S)
    less_s = patience_s * PATIENCE_LEFT
    return less_s if less_s > COMMIT_AFTER_S else COMMIT_AFTER_S
