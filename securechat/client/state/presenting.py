"""Messages of the history as they are shown: people by what the user calls them."""

from collections.abc import Mapping, Sequence

from securechat.client.event_types.past_message import DeliveryState, PastMessage, Quote
from securechat.client.names.contacts import ContactBook, with_key_id
from securechat.client.names.conversation_keys import is_room_key
from securechat.client.names.mentioning import mentions
from securechat.client.ports import HistoryPort
from securechat.identity.types import Name, RelayId, UserKey
from securechat.store.history import Entry

_Reactions = tuple[tuple[str, str], ...]
_Answered = Mapping[bytes, Mapping[bytes, Entry]]
"""Messages of conversations, by their ids."""


class Presenter:
    """Turns what was kept of the conversations of one relay into messages."""

    def __init__(
        self, relay_id: RelayId, own_name: Name, contacts: ContactBook, state: HistoryPort
    ) -> None:
        self._relay_id = relay_id
        self._own_name = own_name
        self._contacts = contacts
        self._state = state

    def messages(self, entries: Sequence[Entry]) -> tuple[PastMessage, ...]:
        """Return entries with what they answer, and who reacts to them; a few reads for all."""
        reactions, answered = self._reactions(entries), self._answered(entries)
        return tuple(
            self._message(entry, reactions.get(entry.sequence, ()), self._reply(entry, answered))
            for entry in entries
        )

    def quote(self, message_id: bytes, entry: Entry | None) -> Quote:
        """Return what an answer to a message quotes, which is None if it is not known."""
        if entry is None or entry.is_deleted:
            return Quote(message_id.hex())
        sender = self.called(entry.sender, entry.user_key)
        return Quote(message_id.hex(), sender, entry.text)

    def called(self, sender: str, user_key: bytes) -> str:
        """Return what to call who had a name and a key when something was kept of them.

        Nobody is the user. A short key id follows when another key had the name then than now, or
        nobody has it now.
        """
        if not sender:
            return self._own_name
        contact, key = self._contacts.by_name(sender), UserKey(user_key)
        if contact is not None and (not key or key == contact.user_key):
            return self._contacts.shown_name(contact)
        return with_key_id(sender, key) if key else sender

    def _message(self, entry: Entry, reactions: _Reactions, reply: Quote | None) -> PastMessage:
        is_room = is_room_key(self._relay_id, entry.conversation)
        to_user = self._own_name if entry.sender else self.called(entry.title, entry.user_key)
        return PastMessage(
            message_id=entry.message_id.hex(),
            sender=self.called(entry.sender, entry.user_key),
            recipient=entry.title if is_room else to_user,
            text=entry.text,
            time_ms=entry.time_ms,
            kept_ms=entry.kept_ms,
            e2e=entry.encrypted,
            trust=entry.trust,
            state=None if entry.progress is None else DeliveryState[entry.progress.name],
            missing=entry.missing,
            late=entry.late,
            room=entry.title if is_room else None,
            action=entry.action,
            position=entry.sequence,
            edited=entry.edited_ms > 0,
            mention=not entry.is_own and mentions(entry.text, self._own_name),
            reactions=reactions,
            reply=reply,
        )

    def _reactions(self, entries: Sequence[Entry]) -> dict[int, _Reactions]:
        with self._state.read_history() as table:
            found = table.reactions([entry.sequence for entry in entries])
        by_entry: dict[int, _Reactions] = {}
        for each in found:
            reaction = self.called(each.sender, each.user_key), each.symbol
            by_entry[each.sequence] = (*by_entry.get(each.sequence, ()), reaction)
        return by_entry

    def _answered(self, entries: Sequence[Entry]) -> _Answered:
        """Return the messages that any of these answers."""
        ids: dict[bytes, set[bytes]] = {}
        for entry in entries:
            if entry.reply_to:
                ids.setdefault(entry.conversation, set()).add(entry.reply_to)
        with self._state.read_history() as table:
            return {
                conversation: table.find_all(conversation, ids[conversation])
                for conversation in ids
            }

    def _reply(self, entry: Entry, answered: _Answered) -> Quote | None:
        if not entry.reply_to:
            return None
        return self.quote(entry.reply_to, answered[entry.conversation].get(entry.reply_to))
