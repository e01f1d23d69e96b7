"""This device's own prekeys on the relay: left there after each login, and once a day."""

from securechat.client.keys.lookups import Lookups
from securechat.client.state.desk import Desk
from securechat.errors import LoginRefused
from securechat.text import safe_text
from securechat.wire.frames import Failed, Publish

PUBLISH_EVERY_S = 24 * 60 * 60.0
REPLENISH_EVERY_S = 60.0
ENOUGH_KEYS = 100


class Publishing:
    """Leaves on the relay what it lacks; ``due_at`` is when it wants to look again."""

    def __init__(self, desk: Desk, lookups: Lookups) -> None:
        self._desk = desk
        self._lookups = lookups
        self._request = 0
        self._epoch = 0
        self._published_at = 0.0
        self.due_at: float | None = None

    def begin(self, epoch: int, one_time_keys: int) -> None:
        """After a login: publish, going by what the relay says it holds of this device."""
        self._epoch = epoch
        self._publish(one_time_keys)

    def do_what_is_due(self) -> None:
        """Publish new keys if it is time for them."""
        self._publish(ENOUGH_KEYS)

    def replenish(self, one_time_keys: int) -> None:
        """Publish more one-time keys if few are left; a relay that asks too often is not heard."""
        if self._desk.now_s() >= self._published_at + REPLENISH_EVERY_S:
            self._publish(one_time_keys)

    def check(self, failed: Failed) -> None:
        """Raise LoginRefused when it is the keys that the relay does not take.

        Keys that it could only not put on its disk serve until it restarts; it gets them again
        at the next login.
        """
        if failed.code == "not-stored":
            return
        if self._request and failed.request == self._request:
            raise LoginRefused(
                f"The relay does not take this device's keys: {safe_text(failed.message)}",
                "start it again; if that does not help, ask whoever runs the relay",
            )

    def _publish(self, one_time_keys: int) -> None:
        self.due_at = self._desk.now_s() + PUBLISH_EVERY_S
        lacking = self._desk.endpoint.publication(
            self._desk.now_ms(),
            published_epoch=self._epoch,
            one_time_keys_left=one_time_keys,
            plain=self._desk.unencrypted is not None,
        )
        if lacking.bundle is not None:
            self._epoch = lacking.bundle.epoch
        if lacking.bundle is not None or lacking.one_time_keys:
            self._published_at = self._desk.now_s()
            self._request = self._lookups.new_request()
            self._desk.batch.frames.append(
                Publish(self._request, lacking.bundle, lacking.one_time_keys)
            )
