"""What members ask about invites, and what the relay answers."""

from collections.abc import Callable

from securechat.errors import LimitExceeded
from securechat.relay.directory import Account
from securechat.relay.entry import Entry
from securechat.relay.events import InviteChange, InviteChanged
from securechat.wire import frames as f
from securechat.wire.codes import FailedCode

InviteRequest = f.InviteMake | f.InviteList | f.InviteRevoke
Answer = Callable[[f.Done | f.Failed | f.Invites], None]


class InviteDesk:
    """Answers the requests; ``tell`` gets an event of every invite made or taken back."""

    def __init__(
        self, entry: Entry, now_ms: Callable[[], int], tell: Callable[[InviteChanged], None]
    ) -> None:
        self._entry = entry
        self._now_ms = now_ms
        self._tell = tell

    def answer(self, frame: InviteRequest, account: Account, answer: Answer) -> None:
        """Do what this member asks for; ``answer`` gets one frame once it is on the disk."""
        match frame:
            case f.InviteMake():
                self._make(frame, account, answer)
            case f.InviteRevoke():
                self._revoke(frame, account, answer)
            case f.InviteList():
                own = self._entry.invites(account.registration.user_key, self._now_ms())
                listed = ((key, each.uses_left, each.expires_ms) for key, each in own.items())
                answer(f.Invites(frame.request, tuple(listed)))

    def _make(self, frame: f.InviteMake, account: Account, answer: Answer) -> None:
        done = self._when_kept(frame.request, account, "made", answer)
        inviter = account.registration.user_key
        try:
            self._entry.make(frame, inviter, self._now_ms(), done)
        except LimitExceeded as error:
            answer(f.Failed(frame.request, FailedCode.LIMIT, error.what))

    def _revoke(self, frame: f.InviteRevoke, account: Account, answer: Answer) -> None:
        done = self._when_kept(frame.request, account, "revoked", answer)
        if not self._entry.revoke(frame.token_hash, account.registration.user_key, done):
            message = "You have no such invitation here"
            answer(f.Failed(frame.request, FailedCode.UNKNOWN_INVITE, message))

    def _when_kept(
        self, request: int, account: Account, what: InviteChange, answer: Answer
    ) -> Callable[[bool], None]:
        def done(is_kept: bool) -> None:
            if is_kept:
                self._tell(InviteChanged(account.name, what))
                answer(f.Done(request))
            else:
                message = "The relay cannot store this now; nothing has changed"
                answer(f.Failed(request, FailedCode.NOT_STORED, message))

        return done
