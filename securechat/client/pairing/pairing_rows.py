"""What two people who pair tell each other, and whom each keeps."""

import msgspec

from securechat.client.names.contacts import Contact, ContactBook, accept
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.pairing import Introduction
from securechat.errors import PairingFailed
from securechat.identity.chain import Highest
from securechat.identity.names import name_key
from securechat.identity.types import Name, RelayId


def introduce(endpoint: Endpoint, relay_id: RelayId, name: Name, now_ms: int) -> Introduction:
    """Return who the owner of this device is, at the relay that TLS shows."""
    registration = endpoint.registration(relay_id, name, now_ms)
    return Introduction(relay_id, registration, endpoint.device_list, endpoint.certificate)


def verified_contact(
    book: ContactBook, own_name: Name, theirs: Introduction, now_ms: int
) -> Contact:
    """Return somebody who has proven to have the code, pinned, accepted and verified; not yet kept.

    Raises PairingFailed (*known*) when the name is one's own or stands for another key here, or the
    key for another name.
    """
    key = name_key(theirs.name)
    if key == name_key(own_name):
        raise _known(f"Who used the code is called {theirs.name}, as you are", "/code, and another")
    named, keyed = book.by_name(theirs.name), book.pinned(theirs.user_key)
    if named is not None and (named.user_key != theirs.user_key or named.shown is not None):
        shown = book.shown_name(named)
        raise _known(f"{shown} was known here with another key", f"/verify {shown}")
    if keyed is not None and name_key(keyed.name) != key:
        shown = book.shown_name(keyed)
        raise _known(f"Who used the code has the key of {shown}, and another name", "/contacts")
    known = book.by_key(theirs.user_key) or Contact(theirs.name, theirs.user_key)
    highest = _newer(known.highest, theirs.highest)
    contact = msgspec.structs.replace(known, name=theirs.name, highest=highest, verified=True)
    return accept(contact, now_ms)


def _newer(known: Highest | None, theirs: Highest) -> Highest:
    """Return the newer list of the two, with every bundle that was ever seen."""
    if known is None:
        return theirs
    epochs = {**theirs.epochs, **known.epochs}
    newer = known if known.list_sequence >= theirs.list_sequence else theirs
    return msgspec.structs.replace(newer, epochs=epochs)


def _known(what: str, try_next: str) -> PairingFailed:
    return PairingFailed(f"{what}; nothing has changed", try_next, reason="known")
