"""What the relay's codes (PROTOCOL.md) mean to the person at the client."""

from securechat.errors import (
    CodeRefused,
    InviteRefused,
    LimitExceeded,
    LoginRefused,
    NameInvalid,
    NameTaken,
    PairingFailed,
    RemoteProtocolError,
    SecureChatError,
)
from securechat.text import safe_text
from securechat.wire.codes import PairCode
from securechat.wire.frames import Fault

_NEW_CODE = "ask for a new one: /code there, or securechat host; then: securechat join"
_TRY_AGAIN = "ask for a new code (/code there, if none is shown); then: securechat join"
_COMPARE = "compare the relay's fingerprint on both screens; with a new code: securechat join"
_ANOTHER_NAME = "the same command with --name ANOTHER-NAME"
"""Whichever it was: client, send, listen, host, or join with a link."""

NOT_REGISTERED = (NameTaken, NameInvalid, InviteRefused)
"""What a relay says instead of entering somebody new; after other errors it may have."""


def fault_error(fault: Fault) -> SecureChatError:
    """Return the error that a relay's Fault stands for."""
    message, code = safe_text(fault.message), safe_text(fault.code)
    match code:
        case "name-taken":
            return NameTaken(message, _ANOTHER_NAME)
        case "name-invalid":
            return NameInvalid(message, _ANOTHER_NAME)
        case "login-refused":
            return LoginRefused(message, f"start it again; then: {_ANOTHER_NAME}")
        case "invite":
            return InviteRefused(
                message, "ask somebody there for: securechat invite; then: securechat join LINK"
            )
        case "limit":
            return LimitExceeded(message, "wait a minute, then try again")
        case _:
            return RemoteProtocolError(
                f"The relay ended the connection: {message} ({code})",
                "securechat --version here and on the relay: they may be too far apart",
            )


def refusal_error(recipient: str, code: str) -> SecureChatError:
    """Return the error for an envelope that the relay does not take."""
    if code == "mailbox-full":
        return LimitExceeded(
            f"The mailbox of {recipient} is full; your message waits here",
            f"ask {recipient} to come online, or wait",
        )
    if code == "not-stored":
        return LimitExceeded(
            f"The relay cannot store your message to {recipient} now; it waits here",
            "wait: it is sent again by itself; the relay's operator sees why",
        )
    if code == "expired":
        return LimitExceeded(
            f"{recipient} has not come for too long: the relay dropped a message",
            f"/msg {recipient} and the text once more",
        )
    return RemoteProtocolError(f"The relay refused a message to {recipient} ({code})")


def pairing_error(code: str, slot: int, name: str, address: str) -> SecureChatError:
    """Return the error for a pairing that the relay, or who gave the code, has ended."""
    match code:
        case PairCode.NO_SLOT:
            return CodeRefused(
                f"The relay at {address} has no code with the number {slot}", _NEW_CODE
            )
        case PairCode.USED:
            return CodeRefused(
                "That code was used before you: if not by you, a stranger has tried it", _NEW_CODE
            )
        case PairCode.EXPIRED:
            return CodeRefused("That code has expired", _NEW_CODE)
        case PairCode.REPLACED:
            return CodeRefused("There is a newer code than that one", _NEW_CODE)
        case PairCode.CANCELLED:
            return CodeRefused("Who gave you that code has given up", _NEW_CODE)
        case PairCode.LIMIT:
            return LimitExceeded(
                f"The relay at {address} takes no more codes from here now",
                "wait a minute, then: securechat join",
            )
        case PairCode.NAME_TAKEN:
            return NameTaken(
                f"The name {name} is taken on the relay at {address}",
                f"securechat join {address} --name ANOTHER-NAME, with the same code",
            )
        case PairCode.NAME_INVALID:
            return NameInvalid(
                f"The relay at {address} does not take the name {name}",
                f"securechat join {address} --name ANOTHER-NAME, with the same code",
            )
        case _:
            return _broken_off(code)


def _broken_off(code: str) -> PairingFailed:
    """Return the error for a pairing that has begun, and was ended by the other side."""
    what, reason = "The pairing has ended in the middle; the code is used up", PairCode.INVALID
    try_next = _TRY_AGAIN
    if code == PairCode.WRONG_CODE:
        reason = PairCode.WRONG_CODE
        what = "The words do not match, or somebody is in between; the code is used up"
    elif code == PairCode.ANOTHER_RELAY:
        reason = PairCode.ANOTHER_RELAY
        what = "Who gave you the code sees another relay than you: somebody is in between"
        try_next = _COMPARE
    return PairingFailed(what, try_next, reason=reason)
