"""Invitations to closed rooms that wait until the relay has said who the invited are."""

from collections.abc import Callable

from msgspec import Struct, field

from securechat.client.keys.changed_keys import refuse_to_write
from securechat.client.keys.lookups import Lookups
from securechat.client.names.contacts import Contact
from securechat.client.state.desk import Desk
from securechat.errors import SecureChatError, Unreachable, UsageError
from securechat.identity.names import name_key
from securechat.identity.types import Name

Ready = Callable[[list[Contact]], None]


class _Invitation(Struct):
    """Those who are still looked up, and those whose keys are known."""

    ready: Ready
    awaited: set[str] = field(default_factory=set)
    known: list[Contact] = field(default_factory=list)


class Invitations:
    """Looks invited people up, all of one invitation, and hands them on together."""

    def __init__(self, desk: Desk, lookups: Lookups) -> None:
        self._desk = desk
        self._lookups = lookups
        self._under_way: list[_Invitation] = []

    @property
    def are_under_way(self) -> bool:
        """Whether the relay is still to say who somebody is."""
        return bool(self._under_way)

    def look_up(self, names: tuple[str, ...], ready: Ready) -> None:
        """Call ``ready`` with those who are known by then, if any; who is not is told.

        The user has chosen to talk to them. Raises as `Desk.person`, KeyChanged for somebody
        CHANGED, UsageError for somebody blocked, Unreachable without a connection.
        """
        invitation = _Invitation(ready)
        people = [(typed, self._desk.inquire(typed)) for typed in dict.fromkeys(names)]
        for _, person in people:
            refuse_to_write(self._desk, person.name, "")
        for typed, person in people:
            person.wanted = True
            contact = self._desk.contacts.by_name(person.name)
            if contact is not None and contact.is_pinned:
                invitation.known.append(contact)
            elif not self._desk.online:
                raise Unreachable(
                    f"The relay cannot be asked who {typed} is right now",
                    "the same, once the connection is back",
                )
            else:
                invitation.awaited.add(name_key(person.name))
                self._lookups.ask(person, claim=False)
        self._under_way.append(invitation)
        self._finish()

    def answered(self, name: Name) -> None:
        """The relay has said who somebody is, or that it does not know."""
        key = name_key(name)
        for invitation in self._under_way:
            if key in invitation.awaited:
                invitation.awaited.discard(key)
                contact = self._desk.contacts.by_name(name)
                if contact is None:
                    self._desk.report(UsageError(f"Nobody on this relay is called {name}", "/who"))
                elif contact.shown is None:
                    invitation.known.append(contact)
        self._finish()

    def forget(self) -> None:
        """The connection is gone, and with it the questions; who was known is handed on."""
        for invitation in self._under_way:
            if invitation.awaited:
                invitation.awaited.clear()
                self._desk.report(
                    Unreachable(
                        "The connection was lost before the relay said who everybody invited is",
                        "/who shows who is in the room; then /invite the others again",
                    )
                )
        self._finish()

    def _finish(self) -> None:
        done = [each for each in self._under_way if not each.awaited]
        self._under_way = [each for each in self._under_way if each.awaited]
        for invitation in done:
            try:
                invitation.ready(invitation.known)
            except SecureChatError as error:  # which says nothing of the others
                self._desk.report(error)
