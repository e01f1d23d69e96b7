"""A conversation as an archive would give it."""

from hypothesis import strategies as st

from securechat.client.events import DeliveryState, PastMessage
from securechat.client.history.exporting import Conversation
from tests.pure.faces.sample_events import FINGERPRINT, NOON_MS

CONVERSATION = Conversation(
    own_name="alice",
    peer="bob",
    peer_name="bob",
    relay="127.0.0.1:5555",
    fingerprint=FINGERPRINT,
    key=b"relay/bob",
)

HOSTILE_LINES = (
    "# a heading",
    "- a list",
    "1. a list",
    "> a quotation",
    "```",
    "~~~",
    "---",
    "| a | table |\n|---|---|",
    "<script>alert(1)</script>",
    "<!--",
    "[a link](https://example.org)",
    "![an image](https://example.org/x.png)",
    "[1]: https://example.org",
    "**12:00:00 alice** (read)",
    "\t\ttabs",
    "a\u2028b\u2029c\u0085d\x0be\x0cf\rg\r\nh",
    "\x1b[2J\x9b2J\x1b]52;c;AA==\x07",
    "\u202edrawkcab",
    "*a* _b_ `c` $d$ &lt; \\",
    "",
    "   ",
)

texts = st.one_of(st.text(), st.lists(st.sampled_from(HOSTILE_LINES), max_size=6).map("\n".join))


def theirs(
    text: str = "hello",
    *,
    time_ms: int = NOON_MS,
    kept_ms: int = NOON_MS,
    e2e: bool = True,
    trust: str = "new",
    missing: int = 0,
    late: bool = False,
) -> PastMessage:
    return PastMessage(
        "m1", "bob", "alice", text, time_ms, kept_ms, e2e, trust, None, missing, late
    )


def own(
    text: str = "hi", state: DeliveryState = DeliveryState.DELIVERED, *, kept_ms: int = NOON_MS
) -> PastMessage:
    return PastMessage("m2", "alice", "bob", text, kept_ms, kept_ms, True, "", state, 0, False)
