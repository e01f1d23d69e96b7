"""The codes in frames that say why something did not go as asked; PROTOCOL.md explains each.

A side that meets a code which it does not know takes it for the general case of the frame: the
connection or the slot is over, the request was not carried out, the envelope was not taken.
"""

from enum import StrEnum


class FaultCode(StrEnum):
    """Why a relay ends a connection that cannot go on (Fault)."""

    VERSION = "version"
    PROTOCOL = "protocol"
    NAME_TAKEN = "name-taken"
    NAME_INVALID = "name-invalid"
    LOGIN_REFUSED = "login-refused"
    LIMIT = "limit"
    INVITE = "invite"


class ByeCode(StrEnum):
    """Why a side closes a connection that was in order (Bye)."""

    QUIT = "quit"
    DRAINING = "draining"
    REPLACED = "replaced"


class FailedCode(StrEnum):
    """Why a relay has not carried out a request (Failed)."""

    UNKNOWN_NAME = "unknown-name"
    NO_PREKEYS = "no-prekeys"
    INVALID_PREKEYS = "invalid-prekeys"
    NOT_STORED = "not-stored"
    LIMIT = "limit"
    UNKNOWN_INVITE = "unknown-invite"


class PairCode(StrEnum):
    """How a slot ends (PairEnd)."""

    DONE = "done"
    WRONG_CODE = "wrong-code"
    ANOTHER_RELAY = "another-relay"
    INVALID = "invalid"
    NO_SLOT = "no-slot"
    USED = "used"
    EXPIRED = "expired"
    REPLACED = "replaced"
    GONE = "gone"
    CANCELLED = "cancelled"
    LIMIT = "limit"
    NAME_TAKEN = "name-taken"
    NAME_INVALID = "name-invalid"


class RefusedCode(StrEnum):
    """Why a relay has not taken an envelope (Refused)."""

    UNKNOWN_MAILBOX = "unknown-mailbox"
    MAILBOX_FULL = "mailbox-full"
    NOT_STORED = "not-stored"
    ORDER = "order"
    MISMATCH = "mismatch"
    DUPLICATE = "duplicate"
    EXPIRED = "expired"
