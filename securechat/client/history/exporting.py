"""The conversations that a profile keeps, to be read as a whole: by whom, and what was written."""

import shlex
from collections.abc import Iterator, Sequence

from msgspec import Struct

from securechat.client.connection.relays import KnownRelay, known_relays
from securechat.client.events import PastMessage
from securechat.client.names.contacts import ContactBook
from securechat.client.state.history import PastReader
from securechat.e2e.seen import SEEN_TABLES
from securechat.errors import UsageError
from securechat.identity.types import Name, fingerprint
from securechat.store.state import StateReader

_MAX_LISTED = 20


class Conversation(Struct, frozen=True):
    """A conversation that is kept here.

    ``peer`` is what to call the other side, and ``peer_name`` their name on the relay. ``relay`` is
    the address where that was met last, ``fingerprint`` of its key. ``key`` is the store's own.
    """

    own_name: str
    peer: str
    peer_name: str
    relay: str
    fingerprint: str
    key: bytes


class Archive:
    """Finds the conversations of one profile, and reads them."""

    def __init__(self, own_name: Name, state: StateReader) -> None:
        """Read who is known, on which relays; FileProblem when that is not possible."""
        self._own_name = own_name
        self._state = state
        rows = state.load(without=SEEN_TABLES)
        self._readers = [
            (relay, PastReader(relay.relay_id, own_name, ContactBook(relay.relay_id, rows), state))
            for relay in known_relays(rows)
        ]
        with state.read_history() as table:
            self._titles = dict(table.conversations())

    def conversations(self) -> list[Conversation]:
        """Return all conversations, those of the relay used last first."""
        return [
            self._conversation(key, title, relay, reader)
            for relay, reader in self._readers
            for key, title in self._titles.items()
            if key.startswith(relay.relay_id)
        ]

    def find(self, peer: str, address: str | None = None) -> list[Conversation]:
        """Return the conversations with whom a user means, at most one of each relay.

        That of the relay used last comes first; with an ``address`` (HOST:PORT) only that of the
        relay which was met there. Raises UsageError when there is none.
        """
        found = [
            self._conversation(key, self._titles[key], relay, reader)
            for relay, reader in self._readers
            if address in (None, relay.address) and (key := reader.key(peer)) in self._titles
        ]
        if not found:
            where = f" on {address}" if address else ""
            raise self.nothing_found(f"Nothing is kept of a conversation with {peer}{where}")
        return found

    def nothing_found(self, what: str) -> UsageError:
        """Return an error about ``what``, with the conversations that there are."""
        known = self.conversations()
        if not known:
            return UsageError(
                f"{what}; {self._own_name} has no conversations here",
                f"securechat client --name {self._own_name}; what is written then is kept",
            )
        names = list(dict.fromkeys(each.peer for each in known))
        return UsageError(
            f"{what}; kept here: {_listed(names)}",
            f"securechat export {shlex.quote(names[0])} --name {self._own_name}",
        )

    def messages(self, conversation: Conversation) -> Iterator[PastMessage]:
        """Give the messages that are kept by now, in order; FileProblem when one is damaged."""
        (reader,) = (each for at, each in self._readers if conversation.key.startswith(at.relay_id))
        with self._state.read_history() as table:
            newest = table.last(1, conversation.key)
            end = newest[0].sequence if newest else 0
            for page in table.pages(conversation.key, end):
                yield from reader.messages(page)

    def _conversation(
        self, key: bytes, title: str, relay: KnownRelay, reader: PastReader
    ) -> Conversation:
        return Conversation(
            own_name=self._own_name,
            peer=reader.called(title),
            peer_name=title,
            relay=relay.address,
            fingerprint=fingerprint(relay.relay_id),
            key=key,
        )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MAX_LISTED
    return ", ".join(names[:_MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
