"""What clients ask of the directory: to keep the prekeys they leave, and to show them a person."""

from collections.abc import Callable, Mapping
from typing import Protocol

from securechat.errors import SecureChatError
from securechat.identity.chain import PublishedUser
from securechat.identity.types import MailboxId, UserKey
from securechat.relay.directory import Device, Directory
from securechat.relay.records import Records
from securechat.relay.replies import Replies
from securechat.wire import frames as f
from securechat.wire.codes import FailedCode
from securechat.wire.fields import MAX_TEXT


class KeyHolder(Protocol):
    """A connected device, whose one-time keys others may claim."""

    def tell_keys_left(self) -> None:
        """One of the device's one-time keys has been claimed."""


class PrekeyDesk:
    """Answers the requests, each once what it changes is on the disk.

    ``now_ms`` gives the time of day; ``online`` has the devices that are connected.
    """

    def __init__(
        self,
        directory: Directory,
        records: Records,
        now_ms: Callable[[], int],
        online: Mapping[MailboxId, KeyHolder],
    ) -> None:
        self._directory = directory
        self._records = records
        self._now_ms = now_ms
        self._online = online

    def publish(
        self, frame: f.Publish, device: Device, replies: Replies, published: Callable[[], None]
    ) -> None:
        """Take the prekeys that a device leaves; ``published`` is called once others get them."""
        device.sent += 1
        try:
            self._directory.accept_prekeys(device, frame)
        except SecureChatError as error:
            message = error.what[:MAX_TEXT]
            replies.give(f.Failed(frame.request, FailedCode.INVALID_PREKEYS, message))
            return
        give = replies.reserve()

        def saved(is_saved: bool) -> None:
            if is_saved:
                give(f.Done(frame.request))
            else:
                message = "The relay cannot store these keys now, and may forget them"
                give(f.Failed(frame.request, FailedCode.NOT_STORED, message))
            published()

        self._records.save_devices([device], saved)

    def look_up(self, frame: f.Lookup, asker: UserKey, replies: Replies) -> None:
        """Show a person, with one-time keys for the ``asker`` alone if the frame claims them."""
        account = self._directory.by_name(frame.name)
        if account is None:
            message = "Nobody has this name here"
            replies.give(f.Failed(frame.request, FailedCode.UNKNOWN_NAME, message))
            return
        claimant = asker if frame.claim else None
        user = self._directory.publish(account, claimant, self._now_ms())
        if user is None:
            message = "No device has left prekeys yet"
            replies.give(f.Failed(frame.request, FailedCode.NO_PREKEYS, message))
        elif claimed := [each.certificate.mailbox for each in user.devices if each.one_time_key]:
            self._keep_claim(user, asker, claimed, frame.request, replies)
        else:
            replies.give(f.Found(frame.request, user))

    def _keep_claim(
        self,
        user: PublishedUser,
        asker: UserKey,
        claimed: list[MailboxId],
        request: int,
        replies: Replies,
    ) -> None:
        """Show a person with one-time keys once nobody else can get these, or without any."""
        give = replies.reserve()

        def saved(is_saved: bool) -> None:
            if not is_saved:
                give(f.Found(request, self._directory.take_back(user, asker)))
                return
            for holder in filter(None, map(self._online.get, claimed)):
                holder.tell_keys_left()
            give(f.Found(request, user))

        self._records.save_devices(filter(None, map(self._directory.device, claimed)), saved)
