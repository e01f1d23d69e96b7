"""Events as an engine would tell them."""

from securechat.client import events as e

FINGERPRINT = "9f2c-41aa-07be-d310"
NOON_MS = 1_750_000_000_000


def ready(again: bool = False) -> e.Ready:
    return e.Ready("alice", "127.0.0.1:5555", FINGERPRINT, again)


def begun_offline() -> e.BegunOffline:
    return e.BegunOffline("alice", "127.0.0.1:5555", FINGERPRINT)


def peer_ready(
    name: str = "bob", trust: e.Trust = e.Trust.NEW, first_use: bool = False
) -> e.PeerReady:
    return e.PeerReady(name, trust, FINGERPRINT, first_use)


def message(
    text: str = "hello",
    sender: str = "bob",
    *,
    time_ms: int = NOON_MS,
    e2e: bool = True,
    trust: e.Trust = e.Trust.NEW,
    request: bool = False,
    missing: int = 0,
    late: bool = False,
    room: str | None = None,
    action: bool = False,
    reply: e.Quote | None = None,
    mention: bool = False,
    alert: bool = False,
) -> e.Message:
    return e.Message(
        "m1", sender, room or "alice", text, time_ms, e2e, trust, request, missing, late,
        room=room, action=action, reply=reply, mention=mention, alert=alert,
    )  # fmt: skip


def past(
    text: str = "hello",
    *,
    state: e.DeliveryState | None = None,
    time_ms: int = NOON_MS,
    room: str | None = None,
    action: bool = False,
) -> e.PastMessage:
    own = state is not None
    return e.PastMessage(
        message_id="m1",
        sender="alice" if own else "bob",
        recipient=room or ("bob" if own else "alice"),
        text=text,
        time_ms=time_ms,
        kept_ms=time_ms + 5,
        e2e=True,
        trust="" if own else "new",
        state=state,
        missing=0 if own else 2,
        late=not own,
        room=room,
        action=action,
    )
