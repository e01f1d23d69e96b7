"""What a chat in lines has told of people, so that it tells everything once."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key
from securechat.faces.entries import Entry
from securechat.faces.wording import notices

PersonNews = (
    e.Waiting
    | e.PeerReady
    | e.PresenceChanged
    | e.EncryptionChanged
    | e.PeerKeyChanged
    | e.TrustChanged
    | e.Paired
    | e.Blocked
)


class Person(Struct):
    """What has been told of a person."""

    ready: e.PeerReady | None = None
    trust: e.Trust | None = None
    waiting: bool = False
    online: bool | None = None
    in_lobby: bool | None = None
    told_here: bool | None = None
    """What the reader knows of their coming and going, from both of these."""
    away: bool = False
    last_seen: str = ""
    told_absent: bool = False
    told_queued: bool = False
    told_key: str = ""
    """Of the last change of trust, which said all that the next PeerReady could say."""
    encrypted: bool = True
    blocked: bool = False

    @property
    def barred(self) -> bool:
        """Whether the engine refuses what is written to them."""
        return self.blocked or self.trust is e.Trust.CHANGED

    def remarks(self) -> list[str]:
        """Return what the prompt says of them, but for *verified*."""
        remarks = []
        if self.trust not in (None, e.Trust.VERIFIED):
            remarks.append(self.trust.value)
        elif self.trust is None and self.waiting:
            remarks.append("waiting")
        if self.online and self.away:
            remarks.append("away")
        return remarks


class People:
    """Everybody who was heard of in a session; shows what is new of them."""

    def __init__(self, show: Callable[[Entry], None], now: Callable[[], datetime]) -> None:
        self._show = show
        self._now = now
        self._people: dict[str, Person] = {}

    def __getitem__(self, name: str) -> Person:
        return self._people.setdefault(conversation_key(name), Person())

    def rename(self, before: str, name: str) -> None:
        """Take note of another name for somebody, under which they may be known already."""
        if (person := self._people.pop(conversation_key(before), None)) is not None:
            known = self[name]
            person.trust = person.trust or known.trust
            person.blocked = person.blocked or known.blocked
            self._people[conversation_key(name)] = person

    def expect(self, name: str) -> None:
        """Take note that the user waits for somebody: that they are here will be news."""
        self[name].told_here = False

    def leave_lobby(self) -> None:
        """Take note that the relay says no more who is in the lobby."""
        for person in self._people.values():
            person.in_lobby = None
            person.told_here = person.told_here if person.online else None

    def hear(self, event: PersonNews) -> None:
        """Take news of a person, and show what is new in it."""
        person = self[event.name]
        match event:
            case e.Waiting():
                self._hear_waiting(event, person)
            case e.PeerReady():
                self._hear_ready(event, person)
            case e.PresenceChanged() if event.room is not None:
                self._hear_lobby(event, person)
            case e.PresenceChanged():
                self._hear_presence(event, person)
            case e.EncryptionChanged():
                person.encrypted = event.encrypted
                self._show(notices.encryption_changed(event))
            case e.PeerKeyChanged():
                person.trust = e.Trust.CHANGED
                self._show(notices.key_changed(event))
            case e.TrustChanged():
                person.trust, person.told_key = event.trust, event.fingerprint
                self._show(notices.trust_changed(event))
            case e.Paired():
                person.trust, person.told_key = e.Trust.VERIFIED, event.fingerprint
                person.blocked = event.blocked
                person.told_absent = True  # who has just paired logs in after that
            case e.Blocked():
                person.blocked = event.blocked
                self._show(notices.blocked(event))

    def _hear_waiting(self, event: e.Waiting, person: Person) -> None:
        told = person.told_absent if event.known else person.waiting
        if not told:
            self._show(notices.waiting(event))
        person.waiting, person.told_absent = True, event.known
        person.told_here = False

    def _hear_ready(self, event: e.PeerReady, person: Person) -> None:
        if event != person.ready and event.fingerprint != person.told_key:
            self._show(notices.peer_ready(event))
        person.ready, person.trust, person.waiting = event, event.trust, False
        person.told_key = ""
        self._tell_absent(event.name, person)

    def _hear_presence(self, event: e.PresenceChanged, person: Person) -> None:
        known, person.online = person.online, event.online
        was_away, person.away = person.away, event.online and event.away
        person.last_seen = notices.last_seen(event, self._now())
        if known is None and not event.online:
            self._tell_absent(event.name, person)
        elif known is not event.online:
            person.told_absent = not event.online
            heard_before = known is not None or person.told_here is not None
            self._tell_presence(event, person, is_news=heard_before)
        if event.online and person.away is not (was_away and known is True):
            self._show(notices.away(event))

    def _hear_lobby(self, event: e.PresenceChanged, person: Person) -> None:
        """Take that somebody has come to the lobby or left it, or is away there or back.

        Of those who were there before the user, the first news may be that they are away.
        """
        person.in_lobby = event.online
        self._tell_presence(event, person, is_news=person.told_here is not None or not event.away)

    def _tell_presence(self, event: e.PresenceChanged, person: Person, *, is_news: bool) -> None:
        """Say that somebody has come or gone, unless it was said or they are here in another way.

        The relay tells of the lobby and of the person, in any order.
        """
        here = bool(person.in_lobby or person.online)
        if here is not person.told_here and (is_news or not here):
            self._show(notices.presence(event))
        person.told_here = here

    def _tell_absent(self, name: str, person: Person) -> None:
        """Say that somebody who can be written to was not there to begin with."""
        is_absent = person.online is False and not person.in_lobby
        if person.ready and is_absent and not person.told_absent:
            person.told_absent, person.told_here = True, False
            self._show(notices.not_here(name, person.last_seen))
