"""Messages set aside: until the relay says whose name it is, or the user decides about a key."""

from collections import Counter

from securechat.client.keys.changed_keys import next_command
from securechat.client.messages.strangers import StrangerLimit
from securechat.client.names.contacts import Contact
from securechat.client.state.desk import Desk
from securechat.client.state.kept import KeptMessage
from securechat.e2e.content import Text
from securechat.e2e.results import Invalid, Opened
from securechat.errors import KeyChanged, LimitExceeded, Untrusted
from securechat.identity.names import name_key
from securechat.identity.types import Name, UserKey

MAX_ASIDE = 100
"""Texts kept of a new key of somebody known; what comes beyond is counted."""

MAX_HELD = 1000
"""Messages kept of all those together of whom the relay has not said whose name they bear."""


class SetAside:
    """Keeps, over the end of a run, what is acknowledged and may not be shown yet.

    Of a new key of somebody known only texts are kept, until the user decides or the relay shows
    it no longer.
    """

    def __init__(self, desk: Desk, strangers: StrangerLimit) -> None:
        self._desk = desk
        self._strangers = strangers
        self._told: set[UserKey] = set()
        self._beyond: Counter[UserKey] = Counter()

    @property
    def unsettled(self) -> int:
        """How many messages wait until the relay has said whose name their sender bears."""
        return len(self._unsettled())

    @property
    def held_names(self) -> list[Name]:
        """The names that strangers' messages claim which are not shown yet."""
        return _names(self._held())

    def owner(self, name: Name, user_key: UserKey) -> Contact | None:
        """Return who is pinned under a name, if the relay shows this other key for them."""
        pinned = self._desk.contacts.by_name(name)
        shown = pinned.shown if pinned is not None else None
        return pinned if shown and shown.user_key == user_key else None

    def hold(self, outcome: Opened | Invalid, name: Name) -> bool:
        """Keep a message of somebody who claims a name; return whether it is the first of them."""
        if len(self._held()) >= MAX_HELD:
            if self._strangers.allows_one():
                what = "Too many strangers write at once; a message was dropped"
                self._desk.report(LimitExceeded(what))
            return False
        is_first = all(message.name != name for message in self._held())
        self._desk.change(self._desk.kept.add(outcome, name, of_new_key=False))
        return is_first

    def put(self, outcome: Opened | Invalid, owner: Contact) -> None:
        """Keep a text from the new key of ``owner``; the first one of a run is told."""
        if owner.blocked or isinstance(outcome, Invalid) or not isinstance(outcome.content, Text):
            return
        key = outcome.sender.user_key
        if len(self._from_key(key)) >= MAX_ASIDE:
            self._count_beyond(key, owner)
            return
        self._desk.change(self._desk.kept.add(outcome, owner.name, of_new_key=True))
        if key not in self._told:
            self._told.add(key)
            what = "A message came from the new key of"
            self._report_changed(owner, what, "set aside until you accept it")

    def settle(self, name: Name) -> list[Opened | Invalid]:
        """Take out, once the relay has answered for a name, what came from its holder.

        What came from nobody whom the relay shows under that name is dropped with a word.
        """
        shown: list[Opened | Invalid] = []
        dropped: Counter[bool] = Counter()
        for message in self._claiming(name):
            key = message.sender.user_key
            owner = self.owner(name, key)
            if self._desk.contacts.pinned(key):
                shown.append(self._take(message))
            elif owner is None:
                self._take(message)
                dropped[message.of_new_key] += 1
            elif not message.of_new_key:
                self.put(self._take(message), owner)
        self._tell_impostors(name, dropped[False])
        again = f"ask {self._desk.called(name)} to send again what matters"
        self._tell_dropped(name, dropped[True], again)
        return shown

    def take_pinned(self) -> list[Opened | Invalid]:
        """Take out what waits only because strangers had written too much within a minute."""
        return [self._take(message) for message in self._held() if self._is_pinned(message)]

    def take(self, user_key: UserKey) -> list[Opened | Invalid]:
        """Take out what came from a key that is accepted now."""
        if beyond := self._beyond.pop(user_key, 0):
            what = f"{_messages(beyond)} more had come, and could not be kept"
            self._desk.report(KeyChanged(what))
        return [self._take(message) for message in self._from_key(user_key)]

    def drop(self, owner: Contact) -> None:
        """Drop, with a word, what came from a new key of somebody whom the user has blocked."""
        messages = [message for message in self._claiming(owner.name) if message.of_new_key]
        for message in messages:
            self._take(message)
        called = self._desk.called(owner.name)
        self._tell_dropped(owner.name, len(messages), f"/unblock {called}, if that was a mistake")

    def tell(self) -> None:
        """Tell, at the end of a run, what stays set aside."""
        for key in {message.sender.user_key: None for message in self._of_new_keys()}:
            messages = self._from_key(key)
            owner = self.owner(messages[0].name, key)
            if owner is not None:
                count = _messages(len(messages))
                beyond = self._beyond.get(key, 0)
                more = f" ({beyond} more could not be kept)" if beyond else ""
                self._report_changed(owner, f"{count} from the new key of", f"set aside{more}")
        unsettled = self._unsettled()
        if waiting := len(self._held()) - len(unsettled):
            what = f"{_messages(waiting)} of strangers, who write too much: shown in the next run"
            self._desk.report(Untrusted(what, "securechat client"))
        if names := _names(unsettled):
            others = f" or one of {len(names) - 1} other names" if len(names) > 1 else ""
            self._desk.report(
                Untrusted(
                    f"{_messages(len(unsettled))} of somebody who writes as {names[0]}{others}:"
                    " kept, since the relay has not said yet whose name it is",
                    "securechat listen --timeout 10",
                )
            )

    def _held(self) -> list[KeptMessage]:
        return [message for message in self._desk.kept if not message.of_new_key]

    def _unsettled(self) -> list[KeptMessage]:
        return [message for message in self._held() if not self._is_pinned(message)]

    def _is_pinned(self, message: KeptMessage) -> bool:
        return self._desk.contacts.pinned(message.sender.user_key) is not None

    def _of_new_keys(self) -> list[KeptMessage]:
        return [message for message in self._desk.kept if message.of_new_key]

    def _from_key(self, user_key: UserKey) -> list[KeptMessage]:
        return [each for each in self._of_new_keys() if each.sender.user_key == user_key]

    def _claiming(self, name: Name) -> list[KeptMessage]:
        key = name_key(name)
        return [message for message in self._desk.kept if name_key(message.name) == key]

    def _take(self, message: KeptMessage) -> Opened | Invalid:
        self._desk.change(self._desk.kept.remove(message))
        return message.outcome

    def _count_beyond(self, user_key: UserKey, owner: Contact) -> None:
        self._beyond[user_key] += 1
        if self._beyond[user_key] == 1:
            what = f"More than {MAX_ASIDE} messages came from the new key of"
            self._report_changed(owner, what, "the rest is dropped")

    def _report_changed(self, owner: Contact, what: str, so: str) -> None:
        name = self._desk.contacts.shown_name(owner)
        self._desk.report(KeyChanged(f"{what} {name}: {so}", next_command(owner, name)))

    def _tell_impostors(self, name: Name, count: int) -> None:
        if count and self._strangers.allows_one():
            self._desk.report(
                Untrusted(
                    f"Somebody wrote to you as {name} whom the relay does not know by that name;"
                    f" {_messages(count)} dropped",
                    f"ask {name} in another way",
                )
            )

    def _tell_dropped(self, name: Name, count: int, try_next: str) -> None:
        if count:
            called, messages = self._desk.called(name), _messages(count)
            what = f"{messages} from a new key of {called}, which you have not accepted: dropped"
            self._desk.report(KeyChanged(what, try_next))


def _names(messages: list[KeptMessage]) -> list[Name]:
    return list({name_key(message.name): message.name for message in messages}.values())


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"
