"""What the relay's codes (PROTOCOL.md) mean to the person at the client."""

from securechat.errors import (
    InviteRefused,
    LimitExceeded,
    LoginRefused,
    NameInvalid,
    NameTaken,
    RemoteProtocolError,
    SecureChatError,
)
from securechat.text import safe_text
from securechat.wire.frames import Fault


def fault_error(fault: Fault) -> SecureChatError:
    """Return the error that a relay's Fault stands for."""
    message, code = safe_text(fault.message), safe_text(fault.code)
    match code:
        case "name-taken":
            return NameTaken(message, "securechat client --name ANOTHER-NAME")
        case "name-invalid":
            return NameInvalid(message, "securechat client --name ANOTHER-NAME")
        case "login-refused":
            return LoginRefused(
                message, "start it again; then: securechat client --name ANOTHER-NAME"
            )
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
