"""A chat in lines: what events mean to the reader, and typed lines to the engine.

It neither reads nor prints: a terminal or a pipe gives it lines and events, and shows its entries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.command_line import parse_line
from securechat.errors import FileProblem, KeyChanged, SecureChatError, UsageError
from securechat.faces import wording
from securechat.faces.asking import ask
from securechat.faces.emoji_codes import with_emoji
from securechat.faces.engine import ChatEngine
from securechat.faces.entries import Entry
from securechat.faces.pending import Pending

CHECK_MARK = "✓"


def local_now() -> datetime:
    """Return the time of the wall clock, with its zone."""
    return datetime.now().astimezone()


@dataclass(slots=True)
class _Person:
    """What has been told of a person."""

    ready: e.PeerReady | None = None
    trust: e.Trust | None = None
    waiting: bool = False
    online: bool | None = None
    told_away: bool = False
    told_queued: bool = False
    told_key: str = ""
    """Of the last change of trust, which said all that the next PeerReady could say."""
    encrypted: bool = True
    blocked: bool = False

    @property
    def barred(self) -> bool:
        """Whether the engine refuses what is written to them."""
        return self.blocked or self.trust is e.Trust.CHANGED


class LineChat:
    """A session in lines; ``leaving`` and ``ended`` say when it is over.

    ``show`` gets each entry; ``ring`` is called when one calls for attention. With ``unicode``
    false nothing of ours but ASCII is shown.
    """

    def __init__(
        self,
        engine: ChatEngine,
        *,
        peer: str | None,
        show: Callable[[Entry], None],
        now: Callable[[], datetime] = local_now,
        unicode: bool = True,
        ring: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._ring = ring
        self._current = self._peer = peer
        self._show = show
        self._now = now
        self._verified_mark = CHECK_MARK if unicode else "(verified)"
        self._interrupted = False
        self._was_ready = False
        self._offline_why: str | None = None
        self._people: dict[str, _Person] = {}
        self._called: dict[str, str] = {}
        self.leaving = False
        self.ended: e.Ended | None = None
        self.pending = Pending()

    def prompt(self) -> str:
        """Return what stands before the line being typed: with whom, how trusted, how connected."""
        remarks = [] if self._offline_why is None else ["no connection"]
        if self._current is None:
            return f"({', '.join(remarks)}) > " if remarks else "> "
        person = self._person(self._current)
        mark = ""
        if person.trust is e.Trust.VERIFIED:
            mark = f" {self._verified_mark}"
        elif person.trust is not None:
            remarks.insert(0, person.trust.value)
        elif person.waiting:
            remarks.insert(0, "waiting")
        if not person.encrypted:
            remarks.append("TLS only: the relay can read this")
        remark = f" ({', '.join(remarks)})" if remarks else ""
        return f"{self._current}{mark}{remark} > "

    def hear(self, event: e.Event) -> None:
        """Take an event, and show what it means."""
        match event:
            case e.Message():
                self._hear_message(event)
            case e.Accepted(message_id):
                self._hear_accepted(message_id)
            case e.Sent() | e.Delivered() | e.Read():
                pass  # the calm case needs no words
            case e.Problem(error, message_id):
                self._hear_problem(error, message_id)
            case e.Ended():
                self.ended = event
            case e.Ready() | e.Offline():
                self._hear_connection(event)
            case e.People():
                self._show(wording.people(event))
            case e.Contacts():
                self._show(wording.contacts(event))
            case e.Renamed():
                self._hear_renamed(event)
            case e.Blocked():
                self._person(event.name).blocked = event.blocked
                self._show(wording.blocked(event))
            case e.SafetyNumber():
                self._show(wording.safety_number(event))
            case e.History() | e.SearchResult() | e.Retention():
                self._hear_history(event)
            case e.Withdrawn():
                self._hear_withdrawn(event)
            case e.DevicesChanged():
                self._show(wording.devices_changed(event))
            case e.DeviceRenewed():
                self._show(wording.device_renewed())
            case _:
                self._hear_about_person(event, self._person(event.name))

    def enter(self, line: str) -> None:
        """Do what a line asks for, and show why when that cannot be done."""
        self._interrupted = False
        try:
            self._perform(parse_line(with_emoji(line)))
        except FileProblem:
            raise  # nobody can be told: it is the output that is broken
        except SecureChatError as error:
            self._show(wording.problem(error))

    def refuse(self, error: UsageError) -> None:
        """Show what is wrong with a line of input."""
        self._show(wording.problem(error))

    def interrupt(self) -> None:
        """Take a Ctrl-C: the first one warns, the second one leaves."""
        if self._interrupted:
            self.leaving = True
        else:
            self._interrupted = True
            self._show(wording.interrupt_hint())

    def typing(self) -> None:
        """Take the news that something is being typed: the next Ctrl-C is a first one again."""
        self._interrupted = False

    def _person(self, name: str) -> _Person:
        return self._people.setdefault(name.casefold(), _Person())

    def _hear_history(self, event: e.History | e.SearchResult | e.Retention) -> None:
        if isinstance(event, e.Retention):
            self._show(wording.retention(event))
            return
        if isinstance(event, e.History):
            self._show(wording.history(event))
        else:
            self._show(wording.search_result(event))
        now = self._now()
        for past in event.messages:
            self._show(wording.past_message(past, now))

    def _hear_withdrawn(self, event: e.Withdrawn) -> None:
        for message_id in event.message_ids:
            self.pending.settle(message_id)
        self._show(wording.withdrawn(event))

    def _hear_connection(self, event: e.Ready | e.Offline) -> None:
        if isinstance(event, e.Offline):
            if event.why != self._offline_why:
                self._show(wording.offline(event))
            self._offline_why = event.why
            return
        self._offline_why = None
        self._show(wording.ready(event))
        if not self._was_ready:
            self._show(wording.what_to_do(self._current))
        self._was_ready = True

    def _hear_about_person(
        self,
        event: e.Waiting
        | e.PeerReady
        | e.PresenceChanged
        | e.EncryptionChanged
        | e.PeerKeyChanged
        | e.TrustChanged,
        person: _Person,
    ) -> None:
        match event:
            case e.Waiting():
                self._hear_waiting(event, person)
            case e.PeerReady():
                self._hear_ready(event, person)
            case e.PresenceChanged():
                self._hear_presence(event, person)
            case e.EncryptionChanged():
                person.encrypted = event.encrypted
                self._show(wording.encryption_changed(event))
            case e.PeerKeyChanged():
                person.trust = e.Trust.CHANGED
                self._show(wording.key_changed(event))
            case e.TrustChanged():
                self._hear_trust(event, person)

    def _hear_problem(self, error: SecureChatError, message_id: str | None) -> None:
        recipient = self.pending.settle(message_id)
        if recipient is not None and isinstance(error, KeyChanged):
            self._person(recipient).trust = e.Trust.CHANGED
        self._show(wording.problem(error))

    def _hear_ready(self, event: e.PeerReady, person: _Person) -> None:
        if event != person.ready and event.fingerprint != person.told_key:
            self._show(wording.peer_ready(event))
        person.ready, person.trust, person.waiting = event, event.trust, False
        person.told_key = ""
        self._spell_current(event.name)
        self._tell_away(event.name, person)

    def _hear_trust(self, event: e.TrustChanged, person: _Person) -> None:
        person.trust, person.told_key = event.trust, event.fingerprint
        self._show(wording.trust_changed(event))

    def _hear_waiting(self, event: e.Waiting, person: _Person) -> None:
        told = person.told_away if event.known else person.waiting
        if not told:
            self._show(wording.waiting(event))
        person.waiting, person.told_away = True, event.known

    def _hear_presence(self, event: e.PresenceChanged, person: _Person) -> None:
        known, person.online = person.online, event.online
        if known is None and not event.online:
            self._tell_away(event.name, person)
        elif known is not event.online:
            person.told_away = not event.online
            self._show(wording.presence(event))

    def _tell_away(self, name: str, person: _Person) -> None:
        """Say that somebody who can be written to was not there to begin with."""
        if person.ready and person.online is False and not person.told_away:
            person.told_away = True
            self._show(wording.away(name))

    def _hear_message(self, event: e.Message) -> None:
        if event.missing:
            self._show(wording.missing(event))
        person = self._person(event.sender)
        known, person.trust = person.trust is event.trust, event.trust
        self._show(wording.message(event, self._now(), trust_is_known=known))
        if event.alert:
            self._ring()
        if self._current is None:
            self._choose(event.sender)
            if not event.request:  # a stranger is accepted by an answer, not by having written
                self._engine.talk_to(event.sender)

    def _hear_renamed(self, event: e.Renamed) -> None:
        before = event.before.casefold()
        for typed, called in self._called.items():
            if called.casefold() == before:
                self._called[typed] = event.name
        self._called[before] = event.name
        self._called.pop(event.name.casefold(), None)
        if before in self._people:
            self._people[event.name.casefold()] = self._people.pop(before)
        if self._current is not None and self._current.casefold() == before:
            self._current = event.name
        self._show(wording.renamed(event))

    def _hear_accepted(self, message_id: str) -> None:
        recipient = self.pending.settle(message_id)
        if recipient is None or self.pending.count(recipient):
            return
        person = self._person(recipient)
        if person.told_queued:
            person.told_queued = False
            self._show(wording.handed_over(recipient))

    def _perform(self, command: c.Command | None) -> None:
        match command:
            case c.Say(text):
                self._send(self._target(), text)
            case c.Msg(target, text):
                self._send(target, text)
                self._choose(self._called.get(target.casefold(), target))
            case c.Help():
                self._show(wording.commands())
            case c.Quit():
                self.leaving = True
            case None:
                pass
            case _:
                ask(self._engine, command, self._target)

    def _send(self, recipient: str, text: str) -> None:
        message_id = self._engine.send(recipient, text)
        recipient = self._called.get(recipient.casefold(), recipient)
        self.pending.add(message_id, recipient)
        person = self._person(recipient)
        offline = self._offline_why is not None and self._is_heard_of(recipient)
        if not person.barred and (offline or person.waiting or person.online is False):
            person.told_queued = True
            self._show(wording.queued(recipient, self.pending.count(recipient)))

    def _is_heard_of(self, name: str) -> bool:
        """Tell whether this run's engine would have said so if it took nothing for this person."""
        person = self._person(name)
        is_peer = self._peer is not None and self._peer.casefold() == name.casefold()
        return is_peer or person.ready is not None or person.trust is not None

    def _target(self) -> str:
        if self._current is None:
            raise UsageError("Nobody is chosen to write to, nothing was sent", "/msg NAME text")
        return self._current

    def _choose(self, name: str) -> None:
        """Make this the current conversation, and say so if it is another one."""
        if self._current is None or self._current.casefold() != name.casefold():
            self._current = name
            if not self._person(name).barred:
                self._show(wording.talking_to(name))

    def _spell_current(self, name: str) -> None:
        """Write the name of the current conversation as its owner does."""
        if self._current is not None and self._current.casefold() == name.casefold():
            self._current = name
