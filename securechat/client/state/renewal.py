"""An older state, put back over a newer one: noticed, and gone on from as a new device.

Its ratchets and prekeys may have been used since, so nothing is sealed, opened or published with
them any more.
"""

from collections.abc import Mapping

import msgspec

from securechat.client.connection.handed_over import TABLE as HANDED_OVER
from securechat.client.events import DeviceRenewed, Event, Problem
from securechat.client.ports import StatePort
from securechat.client.state.drafts import Draft, stored_drafts
from securechat.client.state.outbox import Parcel, stored_parcels
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.own_device import UserIdentity
from securechat.e2e.unconfirmed import plain_text_of
from securechat.errors import SecureChatError, Untrusted
from securechat.identity.device import DeviceList
from securechat.identity.names import name_key
from securechat.identity.types import MessageId, Name, RelayId
from securechat.store.history import Progress, Reached
from securechat.wire.frames import Challenge, Welcome

_Rows = Mapping[tuple[str, bytes], bytes]
_Changes = dict[tuple[str, bytes], bytes | None]


class Renewing:
    """Bounds the renewals of a run to one at each relay: a relay can claim any count.

    While one ``is_under_way`` the old device's connection is being closed; nothing of it counts.
    """

    def __init__(self) -> None:
        self.is_under_way = False
        self._relays: set[RelayId] = set()

    def begin(self, relay_id: RelayId) -> None:
        """Begin a renewal, or raise Untrusted when it is the second one at this relay."""
        if relay_id in self._relays:
            raise Untrusted(
                "The relay says again that this profile is an older copy of itself: either it is"
                " in use somewhere else right now, or the relay lies",
                "close the other client and start this one again; or ask whoever runs the relay",
            )
        self._relays.add(relay_id)
        self.is_under_way = True

    def end(self) -> bool:
        """Note that the connection is closed; return whether that was because of a renewal."""
        was_under_way, self.is_under_way = self.is_under_way, False
        return was_under_way


def list_to_follow(endpoint: Endpoint, challenge: Challenge) -> DeviceList | None:
    """Return the list that the next device has to follow, or None when none is needed.

    It is when the relay has a device list of this person that this device's would not follow: the
    person has gone on as another device since. Raises `InvalidSignature` or `RemoteProtocolError`
    when what the relay shows is not this person's.
    """
    own, shown = endpoint.device_list, challenge.device_list
    if challenge.registered or shown is None:
        return None
    shown.verify(endpoint.user_key)
    if own.may_follow(shown):
        return None
    return own if own.sequence > shown.sequence else shown


def is_older(endpoint: Endpoint, handed_over: int, welcome: Welcome) -> bool:
    """Tell whether the relay has seen more of this device than the device knows of."""
    return welcome.sent > handed_over or welcome.bundle_epoch > endpoint.bundle_epoch


def renew(
    state: StatePort, endpoint: Endpoint, followed: DeviceList, now_ms: int
) -> tuple[Endpoint, list[Event]]:
    """Put the person's next device in the place of this one, in one transaction.

    Returns it, and what the user has to hear. What the old one had sealed, and no relay had
    accepted, waits to be sealed again, before what was not sealed yet. Raises what a failed commit
    raises, or as `Endpoint.create_next` does; then nothing has changed.
    """
    rows = state.load()
    identity = UserIdentity(endpoint.user_identity.user_seed, followed)
    following = Endpoint.create_next(identity, now_ms, rows)
    changes, lost = _unseal(rows, endpoint)
    failed = [
        Reached(MessageId(bytes.fromhex(parcel.message_id)), Progress.FAILED) for parcel in lost
    ]
    state.commit({**following.take_changes(), **changes}, failed)
    problems = (Problem(_not_sent(parcel), parcel.message_id) for parcel in lost)
    return following, [DeviceRenewed(following.device_id.hex()), *problems]


def _unseal(rows: _Rows, endpoint: Endpoint) -> tuple[_Changes, list[Parcel]]:
    """Turn all parcels of the old device into drafts; return the rows, and those without a text."""
    kept = {
        each.message_id: each
        for peer in endpoint.unconfirmed_devices()
        for each in endpoint.unconfirmed_texts(peer)
    }
    waiting: dict[tuple[RelayId, str, MessageId], Draft] = {}
    lost: list[Parcel] = []
    for parcel in (each for each in stored_parcels(rows) if each.message_id):
        message_id = MessageId(bytes.fromhex(parcel.message_id))
        text = plain_text_of(parcel.envelope) or kept.get(message_id)
        if text is None:
            lost.append(parcel)
        else:
            draft = Draft.anew(parcel.relay_id, parcel.recipient, text)
            waiting[_place(draft)] = draft
    drafts = stored_drafts(rows)
    waiting.update((_place(draft), draft) for draft in drafts)
    changes: _Changes = dict.fromkeys(row for row in rows if row[0] == HANDED_OVER)
    changes.update(dict.fromkeys(parcel.row for parcel in stored_parcels(rows)))
    changes.update(dict.fromkeys(draft.row for draft in drafts))
    for sequence, draft in enumerate(waiting.values(), 1):
        numbered = msgspec.structs.replace(draft, sequence=sequence)
        changes[numbered.row] = msgspec.msgpack.encode(numbered)
    return changes, lost


def _place(draft: Draft) -> tuple[RelayId, str, MessageId]:
    """Return what no two drafts share: a post in a room waits for each person in it."""
    return draft.relay_id, name_key(Name(draft.recipient)), draft.message_id


def _not_sent(parcel: Parcel) -> SecureChatError:
    name = parcel.recipient
    return SecureChatError(
        f"A message to {name} that the older device had sealed is too old to be sealed again",
        f"/msg {name} and the text once more, if it still matters",
    )
