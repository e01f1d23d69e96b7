"""The figures of the design stand in the code; whoever changes one changes E2E.md and this list."""

from securechat.e2e import (
    amend_content,
    content,
    copies,
    endpoint,
    epochs,
    order,
    recovery,
    session,
    signals,
)
from securechat.e2e import session_table as table

DAY_MS = 86_400_000
MINUTE_MS = 60_000

FIGURES = {
    "a text, bytes": (content.MAX_TEXT_BYTES, 8192),
    "ids in a receipt": (content.MAX_RECEIPT_IDS, 256),
    "gaps in a recovery": (content.MAX_RECOVERY_GAPS, 32),
    "gaps that are kept": (order.MAX_GAPS, 32),
    "a bundle serves for a mailbox's TTL and 14 days": (epochs.BUNDLE_LIFE_MS, 44 * DAY_MS),
    "a replaced key waits for a drain after 2 days": (epochs.ROTATED_GRACE_MS, 2 * DAY_MS),
    "a session is renewed after 30 days": (session.RENEW_AFTER_MS, 30 * DAY_MS),
    "a session is renewed after messages": (session.RENEW_AFTER_MESSAGES, 2000),
    "sessions of two devices that are not retired": (table.MAX_ACTIVE, 4),
    "retired sessions of two devices": (table.MAX_RETIRED, 16),
    "a retired session receives for 21 days": (table.RETIRED_LIFE_MS, 21 * DAY_MS),
    "what was sent is kept for 7 days": (copies.COPY_LIFE_MS, 7 * DAY_MS),
    "messages to a device that are kept": (copies.MAX_COPIES, 1000),
    "a device is asked every hour": (recovery.ASK_EVERY_MS, 60 * MINUTE_MS),
    "a device is answered a little more often": (recovery.ANSWER_EVERY_MS, 50 * MINUTE_MS),
    "nonces and ids outlive TTL, keys and outbox": (endpoint._SEEN_LIFE_MS, 90 * DAY_MS),
    "a symbol, bytes": (amend_content.MAX_SYMBOL_BYTES, 32),
    "a signal counts for a minute": (signals.LIFE_MS, MINUTE_MS),
    "signals that are remembered": (signals.MAX_NONCES, 1024),
    "one-time keys are topped up below": (endpoint._ONE_TIME_KEYS_LOW, 20),
    "one-time keys in a batch": (endpoint._ONE_TIME_KEYS_BATCH, 50),
}


def test_the_code_uses_the_figures_of_the_design() -> None:
    assert {name: used for name, (used, designed) in FIGURES.items() if used != designed} == {}
