"""Every error that a user, a script or the other side of a connection can meet.

One root; each class carries the code that machines read, the exit status of the command line, and
an instance carries two sentences for people: what happened, and what to try next. Errors of other
libraries are translated once, on the floor that owns the library.

=====  ====================================================
exit   meaning
=====  ====================================================
0      done
1      failed, e.g. a file cannot be used
2      usage: a flag, a value or the configuration file is wrong
3      cannot reach the other side
4      untrusted, or a key has changed
5      rate limit or quota
6      invite, login, name or passphrase refused
7      timed out, something is still queued
8      transfer incomplete
=====  ====================================================
"""

from typing import ClassVar


class SecureChatError(Exception):
    """Root of all errors; ``what`` happened and the command to ``try_next`` (may be empty)."""

    code: ClassVar[str] = "failed"
    exit_status: ClassVar[int] = 1

    def __init__(self, what: str, try_next: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.try_next = try_next

    def __str__(self) -> str:
        return f"{self.what}\n  try: {self.try_next}" if self.try_next else self.what


class InternalError(SecureChatError):
    """Code of securechat has failed; where that was is logged."""


class UsageError(SecureChatError):
    """A flag, a value or a configuration file is wrong."""

    code = "usage"
    exit_status = 2


class FileProblem(SecureChatError):
    """A file or directory cannot be read or written, or its permissions are unsafe."""

    code = "file"
    exit_status = 1


class DiskFull(FileProblem):
    """There is no room on the disk for what has to be kept."""

    code = "disk-full"


class PortInUse(SecureChatError):
    """Another program listens on the address already."""

    code = "port-in-use"
    exit_status = 1


class Busy(SecureChatError):
    """Another process holds this profile or store."""

    code = "busy"
    exit_status = 1


class Unreachable(SecureChatError):
    """No connection to the other side, or it broke and did not come back."""

    code = "unreachable"
    exit_status = 3


class Untrusted(SecureChatError):
    """The other side showed a certificate or a key that is not the one trusted here."""

    code = "untrusted"
    exit_status = 4


class CertificateExpired(Untrusted):
    """The relay's certificate is outside its dates."""

    code = "certificate-expired"


class KeyChanged(Untrusted):
    """A relay or a person shows another key than the one pinned."""

    code = "key-changed"


class PairingFailed(Untrusted):
    """Two people could not be paired with a code: somebody may be in between; nobody was let in.

    ``reason`` is "wrong-code", "another-relay", "invalid" or "known" (the name or the key is known
    here otherwise); empty where another process tells of it.
    """

    code = "pairing"

    def __init__(self, what: str, try_next: str = "", *, reason: str = "") -> None:
        super().__init__(what, try_next)
        self.reason = reason


class CodeRefused(SecureChatError):
    """The relay has no such code: it never had, it was used, has expired, or was taken back."""

    code = "code"
    exit_status = 6


class LimitExceeded(SecureChatError):
    """A rate limit or a quota of the relay."""

    code = "limit"
    exit_status = 5


class LoginRefused(SecureChatError):
    """The relay does not let this device in."""

    code = "login-refused"
    exit_status = 6


class NameTaken(LoginRefused):
    """The name belongs to another key, or looks like one that does."""

    code = "name-taken"


class NameInvalid(LoginRefused):
    """The name breaks the rules for names."""

    code = "name-invalid"


class InviteRefused(LoginRefused):
    """The relay takes new people by invitation only, and this invitation does not serve."""

    code = "invite"


class PassphraseRefused(SecureChatError):
    """The passphrase of a profile or a backup is wrong, or nobody is there to give it."""

    code = "passphrase"
    exit_status = 6


class StillQueued(SecureChatError):
    """Time ran out, or input ended, with messages not handed over yet."""

    code = "still-queued"
    exit_status = 7


class TimedOut(SecureChatError):
    """What was waited for has not come in time."""

    code = "timed-out"
    exit_status = 7


class ProtocolError(SecureChatError):
    """Bytes that break the protocol; the two subclasses say who is to blame."""

    code = "protocol"


class RemoteProtocolError(ProtocolError):
    """The other side broke the protocol."""


class LocalProtocolError(ProtocolError):
    """This side asked its own machine for something that the protocol forbids."""


class InvalidSignature(SecureChatError):
    """A signed object does not verify under the key it claims."""

    code = "invalid-signature"
    exit_status = 4


class CannotOpen(SecureChatError):
    """A sealed message does not open; it never says why."""

    code = "cannot-open"


class MessagesMissing(SecureChatError):
    """Messages of somebody have not arrived although later ones have."""

    code = "missing"


class HistoryForked(Untrusted):
    """Somebody's messages do not follow from those that came before."""

    code = "history-forked"
