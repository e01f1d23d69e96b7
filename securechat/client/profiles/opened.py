"""A profile that is open, and whom to trust at its relay: what there is before an engine."""

from securechat.client.profiles.access import Access, choose_address, tell_if_new
from securechat.client.profiles.profile import Profile
from securechat.client.profiles.trusting import decide_trust
from securechat.e2e.seen import SEEN_TABLES

_OF_AN_UNUSED_PROFILE = frozenset({"self", "epoch", "relay", "expected"})
"""The tables of one that nobody has used: its keys, and whom it was to meet."""


class Opened:
    """An open profile, its relay's ``address``, and what that has to show: ``tls``."""

    def __init__(self, access: Access) -> None:
        """Open the profile and decide whom to trust.

        Raises as `Profile` and `decide_trust`; a profile made for that is gone then.
        """
        self.access = access
        self.profile = Profile(access.home, access.me, access.passphrases)
        try:
            self.address = choose_address(access, self.profile)
            self.tls = decide_trust(self.profile, self.address, access.trust, access.confirm)
            tell_if_new(access, self.profile)
        except BaseException:
            self.profile.discard_if_new()
            raise

    def close(self, *, may_be_known: bool = False) -> None:
        """Close the profile.

        One that was made for this is gone then if it has come to nothing: no relay ``may_be_known``
        to know its device, and it holds no message.
        """
        with self.profile:
            if self.profile.is_new and not may_be_known and self._is_unused:
                self.profile.discard_if_new()

    @property
    def _is_unused(self) -> bool:
        rows = self.profile.state.load(without=SEEN_TABLES)
        return {table for table, _ in rows} <= _OF_AN_UNUSED_PROFILE
