"""A chat in lines: what events mean to the reader, and typed lines to the engine.

It neither reads nor prints: a terminal or a pipe gives it lines and events, and shows its entries.
"""

from collections.abc import Callable
from datetime import datetime

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.input.command_line import parse_line
from securechat.client.names.typed_names import LOBBY, conversation_key, is_room
from securechat.errors import FileProblem, KeyChanged, NameInvalid, SecureChatError, UsageError
from securechat.faces.chat.muting import Muting
from securechat.faces.chat.people import People, PersonNews
from securechat.faces.chat.rooms import Rooms
from securechat.faces.emoji_codes import with_emoji
from securechat.faces.entries import Entry
from securechat.faces.session.asking import ask
from securechat.faces.session.conversations import Conversations, changed_in, conversation_of
from securechat.faces.session.engine import ChatEngine
from securechat.faces.session.own_message import OwnMessage
from securechat.faces.session.pending import Pending
from securechat.faces.wording import amendments as amend_wording
from securechat.faces.wording import messages as message_wording
from securechat.faces.wording import notices
from securechat.faces.wording import pairing as pairing_wording
from securechat.faces.wording import qr as qr_wording
from securechat.faces.wording import rooms as room_wording
from securechat.faces.wording import sas as sas_wording
from securechat.faces.wording.qr import Canvas

CHECK_MARK = "✓"

_RoomAnswer = e.RoomNews | e.Invitation | e.RoomList | e.RoomPeople


def local_now() -> datetime:
    """Return the time of the wall clock, with its zone."""
    return datetime.now().astimezone()


class LineChat:
    """A session in lines; ``leaving`` and ``ended`` say when it is over.

    It begins with the ``peer``, or in the ``lobby``, or with nobody. ``show`` gets each entry,
    ``ring`` is called for a message that calls for attention. With ``unicode`` false nothing of
    ours but ASCII is shown. ``canvas`` says how large the terminal is, if a drawing can be shown.
    ``written`` gets each message that the engine has taken. Who writes to a user who has chosen
    nobody is chosen, but while a line ``is_typed``, which would go there. What is public besides
    ``leaving`` is for a face that shows more than lines, to be read.
    """

    def __init__(
        self,
        engine: ChatEngine,
        *,
        peer: str | None,
        lobby: bool = False,
        show: Callable[[Entry], None],
        ring: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = local_now,
        unicode: bool = True,
        canvas: Callable[[], Canvas | None] = lambda: None,
        written: Callable[[OwnMessage], None] = lambda _: None,
        is_typed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._engine = engine
        self._peer = peer
        self.conversations = Conversations(peer, lobby=lobby)
        self._show = show
        self._ring = ring
        self._now = now
        self._unicode = unicode
        self._canvas = canvas
        self._written = written
        self._is_typed = is_typed
        self._verified_mark = CHECK_MARK if unicode else "(verified)"
        self._interrupted = False
        self.own_name = ""
        self._offline_why: str | None = None
        self.people = People(show, now)
        if peer is not None:
            self.people.expect(peer)
        self.rooms = Rooms(show)
        self.muting = Muting()
        self._called: dict[str, str] = {}
        self.leaving = False
        self.ended: e.Ended | None = None
        self.pending = Pending()

    def prompt(self) -> str:
        """Return what stands before the line being typed: where it goes, how safe, what else."""
        where = self.conversations.target or ""
        mark, remarks = self._where_remarks(where) if where else ("", [])
        if self._offline_why is not None:
            remarks.append("no connection")
        if where and not self.people[where].encrypted:
            remarks.append("TLS only: the relay can read this")
        unread = notices.unread(self.conversations.unread)
        parts = [
            f"{where}{mark}",
            f"({', '.join(remarks)})" if remarks else "",
            f"[{unread}]" if unread else "",
            "> ",
        ]
        return " ".join(part for part in parts if part)

    def hear(self, event: e.Event) -> bool:
        """Take an event, and show what it means; return whether it was shown, or needed not be."""
        match event:
            case e.Message():
                return self._hear_message(event)
            case e.Accepted(message_id):
                self._hear_accepted(message_id)
            case e.Sent() | e.Delivered() | e.Read():
                pass  # the calm case needs no words
            case e.Typing() | e.Page() | e.StoredTexts():
                pass  # they are for a screen
            case e.Amended() | e.Reacted():
                if not self.muting.is_muted(changed_in(event)):
                    self._show(amend_wording.changed(event))
            case e.OwnTyping() | e.RelayView():
                self._show(amend_wording.answer(event, self._now()))
            case e.Problem(error, message_id):
                self._hear_problem(error, message_id)
            case e.Resumed():
                self._show(notices.resumed())
            case e.Ended():
                self.ended = event
            case e.Ready() | e.BegunOffline() | e.Offline():
                self._hear_connection(event)
            case e.History() | e.SearchResult() | e.Retention() | e.Withdrawn():
                self._hear_history(event)
            case e.RoomNews() | e.Invitation() | e.RoomList() | e.RoomPeople():
                self._hear_of_rooms(event)
            case e.Renamed():
                self._hear_renamed(event)
            case e.Notifications():
                if self.muting.hear(event):
                    self._show(notices.notifications(event))
            case e.SafetyNumber(as_qr=True):
                for entry in qr_wording.answer(event, self._canvas(), has_blocks=self._unicode):
                    self._show(entry)
            case (
                e.People()
                | e.Contacts()
                | e.SafetyNumber()
                | e.DevicesChanged()
                | e.DeviceRenewed()
                | e.OwnPresence()
            ):
                self._show(notices.answer(event))
            case e.CodeReady() | e.CodeEnded() | e.InviteMade() | e.InviteList():
                self._show(pairing_wording.answer(event, self._now()))
            case e.ComparingAsked() | e.ComparingShown() | e.ComparingAgreed() | e.ComparingEnded():
                own, unicode = self.own_name or "YOUR-NAME", self._unicode
                self._show(sas_wording.comparing(event, own_name=own, unicode=unicode))
            case e.Paired():
                self._hear_paired(event)
            case _:
                self._hear_of_person(event)
        return True

    def enter(self, line: str) -> None:
        """Do what a line asks for, and show why when that cannot be done."""
        self._interrupted = False
        try:
            self._perform(parse_line(with_emoji(line)))
        except FileProblem:
            raise  # nobody can be told: it is the output that is broken
        except SecureChatError as error:
            self._show(notices.problem(error))

    def refuse(self, error: UsageError | NameInvalid) -> None:
        """Show what is wrong with a line of input."""
        self._show(notices.problem(error))

    def interrupt(self) -> None:
        """Take a Ctrl-C: the first one warns, the second one leaves."""
        if self._interrupted:
            self.leaving = True
        else:
            self._interrupted = True
            self._show(notices.interrupt_hint())

    def typing(self) -> None:
        """Take the news that something is being typed: the next Ctrl-C is a first one again."""
        self._interrupted = False

    def _where_remarks(self, where: str) -> tuple[str, list[str]]:
        if self.conversations.awaited is not None:
            return "", ["joining"]
        if is_room(where):
            return "", self.rooms.remarks(where)
        person = self.people[where]
        mark = f" {self._verified_mark}" if person.trust is e.Trust.VERIFIED else ""
        return mark, person.remarks()

    # Events ---------------------------------------------------------------------------------------

    def _hear_message(self, event: e.Message) -> bool:
        where = conversation_of(event)
        if (muted := self.muting.is_muted(where)) or not self.conversations.is_current(where):
            self.conversations.unread.add(where)
        if muted:
            return self.muting.withhold(event)
        if event.missing:
            self._show(message_wording.missing(event))
        person = self.people[event.sender]
        known, person.trust = person.trust is event.trust, event.trust
        self._show(message_wording.message(event, self._now(), trust_is_known=known))
        if event.alert:
            self._ring()
        if self.conversations.target is None and event.room is None and not self._is_typed():
            self._choose(event.sender)
            if not event.request:  # a stranger is accepted by an answer, not by having written
                self._engine.talk_to(event.sender)
        return True

    def _hear_history(self, event: e.History | e.SearchResult | e.Retention | e.Withdrawn) -> None:
        match event:
            case e.Retention():
                self._show(message_wording.retention(event))
            case e.Withdrawn():
                for message_id in event.message_ids:
                    self.pending.settle(message_id)
                self._show(notices.withdrawn(event))
            case e.History():
                self._show(message_wording.history(event))
                self._show_past(event.messages)
                if event.name is not None:
                    self.conversations.unread.clear(event.name)
            case e.SearchResult():
                self._show(message_wording.search_result(event))
                self._show_past(event.messages)

    def _show_past(self, messages: tuple[e.PastMessage, ...]) -> None:
        now = self._now()
        for past in messages:
            self._show(message_wording.past_message(past, now))
            if self.muting.release(past):
                self._engine.shown(past.sender, past.message_id)

    def _hear_connection(self, event: e.Ready | e.BegunOffline | e.Offline) -> None:
        match event:
            case e.Offline(why):
                if why != self._offline_why:
                    self._show(notices.offline(event))
                self._offline_why = why
                return
            case e.BegunOffline():
                self._show(notices.begun_offline(event))
            case e.Ready():
                self._offline_why = None
                self._show(notices.ready(event))
        if not self.own_name:
            self._show(notices.what_to_do(self.conversations.target))
        self.own_name = event.name

    def _hear_of_rooms(self, event: _RoomAnswer) -> None:
        match event:
            case e.RoomNews():
                self._hear_room_news(event)
            case e.Invitation():
                self._show(room_wording.invitation(event))
            case e.RoomList():
                self.rooms.hear_list(event)
                self._show(room_wording.rooms(event, self.conversations.unread.of))
            case e.RoomPeople():
                self._show(room_wording.room_people(event, self.own_name))

    def _hear_room_news(self, event: e.RoomNews) -> None:
        self.rooms.hear(event, self.own_name)
        if event.room == LOBBY and LOBBY not in self.rooms:
            self.people.leave_lobby()
        before = self.conversations.current
        if self.conversations.note_entered(event):
            if before is None or conversation_key(before) != conversation_key(event.room):
                self._show(notices.talking_to(event.room))
        elif event.change is e.RoomChange.FULL and self.conversations.is_target(event.room):
            self.conversations.awaited = None
        elif self.conversations.is_target(event.room) and self._is_own_leave(event):
            self.conversations.choose(None)
            if LOBBY in self.rooms:
                self._choose(LOBBY)

    def _is_own_leave(self, event: e.RoomNews) -> bool:
        """Tell whether the user left; who was removed stays, and writes nowhere else unawares."""
        return event.change is e.RoomChange.LEFT and event.actor == self.own_name

    def _hear_of_person(self, event: PersonNews) -> None:
        self.people.hear(event)
        if isinstance(event, e.PeerReady) and self.conversations.is_current(event.name):
            self.conversations.current = event.name  # as its owner writes it

    def _hear_paired(self, event: e.Paired) -> None:
        """Begin to write to whom the user paired with, if they can and write to nobody yet."""
        if self.conversations.target is None and not event.blocked:
            self.conversations.choose(event.name)
            self._engine.talk_to(event.name)
        self.people.hear(event)
        is_current = self.conversations.is_target(event.name)
        self._show(pairing_wording.paired(event, is_current=is_current))

    def _hear_problem(self, error: SecureChatError, message_id: str | None) -> None:
        recipient = self.pending.settle(message_id)
        if recipient is not None and isinstance(error, KeyChanged):
            self.people[recipient].trust = e.Trust.CHANGED
        if message_id is None and isinstance(error, UsageError | NameInvalid):
            self.conversations.awaited = None
        self._show(notices.problem(error))

    def _hear_renamed(self, event: e.Renamed) -> None:
        before = conversation_key(event.before)
        for typed, called in self._called.items():
            if conversation_key(called) == before:
                self._called[typed] = event.name
        self._called[before] = event.name
        self._called.pop(conversation_key(event.name), None)
        self.people.rename(event.before, event.name)
        self.conversations.rename(event.before, event.name)
        self._show(notices.renamed(event))

    def _hear_accepted(self, message_id: str) -> None:
        recipient = self.pending.settle(message_id)
        if recipient is None or self.pending.count(recipient):
            return
        person = self.people[recipient]
        if person.told_queued:
            person.told_queued = False
            self._show(notices.handed_over(recipient))

    # Typed lines ----------------------------------------------------------------------------------

    def _perform(self, command: c.Command | None) -> None:
        match command:
            case c.Say(text, action):
                self._send(self._target(), text, action=action)
            case c.Reply(to, text):
                self._send(self._target(), text, reply_to=to)
            case c.Msg(target, text):
                self._send(target, text)
                self._choose(self._called.get(conversation_key(target), target))
            case c.Help():
                self._show(notices.commands())
            case c.Quit():
                self.leaving = True
            case None:
                pass
            case _:
                self._ask(command)

    def _ask(self, question: c.Question) -> None:
        match ask(self._engine, question, self._target):
            case c.Join(room) | c.Create(room):
                self.conversations.awaited = room
            case c.Notify() | c.Mute():
                self.muting.expect_answer()

    def _send(
        self, target: str, text: str, *, action: bool = False, reply_to: str | None = None
    ) -> None:
        message_id = self._engine.send(target, text, action=action, reply_to=reply_to)
        target = self._called.get(conversation_key(target), target)
        self.pending.add(message_id, target)
        self._written(OwnMessage(message_id, target, text, action, reply_to))
        if self._is_waited_for(target):
            self.people[target].told_queued = True
            self._show(notices.queued(target, self.pending.count(target)))

    def _is_waited_for(self, name: str) -> bool:
        """Tell whether what is typed to a person or in a room cannot go out yet."""
        offline = self._offline_why is not None
        if is_room(name):
            return name in self.rooms and (offline or self.rooms.is_paused(name))
        person = self.people[name]
        offline = offline and self._is_heard_of(name)
        return not person.barred and (offline or person.waiting or person.online is False)

    def _is_heard_of(self, name: str) -> bool:
        """Tell whether this run's engine would have said so if it took nothing for this person."""
        person = self.people[name]
        is_peer = self._peer is not None and conversation_key(self._peer) == conversation_key(name)
        return is_peer or person.ready is not None or person.trust is not None

    def _target(self) -> str:
        if (target := self.conversations.target) is None:
            raise UsageError("Nobody is chosen to write to, nothing was sent", "/msg NAME text")
        return target

    def _choose(self, name: str) -> None:
        """Make this the current conversation, and say so if it is another one."""
        if self.conversations.is_current(name):
            name = self.conversations.current or name  # as its owner writes it
            self.conversations.choose(name)
            return
        self.conversations.choose(name)
        if is_room(name) or not self.people[name].barred:
            self._show(notices.talking_to(name))
