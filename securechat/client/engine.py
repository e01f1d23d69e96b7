"""The engine: one thread that seals, opens, remembers and asks the relay; events come out.

Faces call the public methods from any thread. Work is done in batches: handle whatever has come,
commit every change of it in one transaction, and only then send, tell and acknowledge.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from securechat.client import events as ev
from securechat.client.audience import Audience, Joining
from securechat.client.calls import Calls
from securechat.client.changed_keys import outcome
from securechat.client.commands import Question
from securechat.client.desk import Batch
from securechat.client.early import Early
from securechat.client.link import Answered, Arrived, Delivery, Down, LinkNews, NotTaken, Up
from securechat.client.login import Login
from securechat.client.opening import open_desk, open_endpoint, recall
from securechat.client.parts import make_parts
from securechat.client.people import NO_RELAY, People
from securechat.client.ports import LinkPort, StatePort
from securechat.client.renewal import Renewing, is_older, list_to_follow, renew
from securechat.client.run import Run
from securechat.client.unread import Unread
from securechat.e2e.endpoint import new_message_id
from securechat.errors import FileProblem, SecureChatError
from securechat.identity.device import DeviceList
from securechat.identity.names import parse_name
from securechat.identity.types import MessageId, RelayId, fingerprint
from securechat.wire import frames as f

logger = logging.getLogger("securechat.client")


class Engine:
    """One profile's client. Start it, call it from any thread, stop it; Ended is its last event."""

    def __init__(
        self,
        run: Run,
        state: StatePort,
        make_link: Callable[[Callable[[LinkNews], None]], LinkPort],
        relay_id_of: Callable[[bytes], RelayId],
    ) -> None:
        """Prepare it. ``relay_id_of`` reads the relay id from a certificate (DER).

        When the key of the run's peer is a changed one at the end, or texts were not sent for such
        a key, Ended has a KeyChanged.
        """
        self._run = run
        self._state = state
        self._relay_id_of = relay_id_of
        self._calls = Calls()
        self._renewing = Renewing()
        self._link = make_link(lambda news: self._calls.put(lambda: self._on_news(news)))
        self._audience = Audience()
        self._unread = Unread(state, run.now_s, confirms=run.read_receipts)
        self._thread = threading.Thread(target=self._work_on, name="engine", daemon=True)
        self._endpoint = open_endpoint(state, run.now_ms())
        self._people = People(run.name)
        self._open_desk(NO_RELAY)
        self._login = Login(self._endpoint, run.name, self._desk.relay_id, b"")
        self._was_ready = False
        self._stop_at: float | None = None
        self._early = Early()
        self._ended = False
        self.queued = 0
        """Own messages that the relay has not accepted yet."""
        self.queued_for: list[str] = []
        """To whom they are; for the time after the end, and as far as the relay is known."""

    # For faces, from any thread -------------------------------------------------------------------

    def subscribe(
        self, listener: Callable[[ev.Event], None], *, errands: bool = False
    ) -> Callable[[], None]:
        """Call ``listener`` with every event from now on, in the engine's thread.

        Returns what ends that; an event that is being told may still come. Only listeners who want
        the ``errands`` hear what is wrong with the texts of other commands.
        """
        return self._audience.join(listener, errands=errands)

    def catch_up(
        self, listener: Callable[[ev.Event], None], first: ev.Event, sender: str | None = None
    ) -> Callable[[], None]:
        """Call ``listener`` with ``first``, what nobody was shown yet, and then as `subscribe`.

        All in the engine's thread, so that it misses nothing, also not what the ``sender`` whom it
        listens to is called here, or that they are CHANGED; returns what ends that.
        """
        joining = Joining(self._audience, listener)
        self._calls.put(
            lambda: joining.begin(first, *self._parts.pinning.introduction(sender), *self._unread)
        )
        return joining.leave

    def retell(self, scrollback: int = 0) -> None:
        """Tell the listeners of the messages that were kept, and that nobody was shown yet.

        So many of those that came before them are told first, as History.
        """
        self._calls.put(lambda: self._retell(scrollback))

    def shown(self, sender: str, message_id: str) -> None:
        """Keep a message no longer: its reader has it. Until this is said, it is on the disk."""
        if self._unread.note_shown(sender, message_id):
            self._calls.put(lambda: None)  # wakes the thread, which then knows when it is due

    def confirm_read(self, sender: str, message_id: str) -> None:
        """Let a contact know that a message of theirs was shown, also without `read_receipts`."""
        if self._unread.note_read(sender, message_id):
            self._calls.put(lambda: None)

    def start(self) -> None:
        """Connect, and look for the peer."""
        self._thread.start()
        self._link.start()
        if self._run.peer is not None:
            self.talk_to(self._run.peer)

    def send(self, recipient: str, text: str, *, errand: bool = False) -> str:
        """Send a text; return the id that its events carry. Raises as `People.check` does.

        An ``errand`` (`Errands`) is the text of another command.
        """
        self._people.check(recipient)
        message_id = new_message_id()
        self._calls.put(lambda: self._write(recipient, message_id, text, errand=errand))
        return message_id.hex()

    def talk_to(self, name: str) -> None:
        """Look a person up and hear of their coming and going."""
        self._put(lambda: self._parts.lookups.talk_to(self._desk.person(name)))

    def ask(self, question: Question) -> None:
        """Ask something, all names filled in that it needs; its event follows, or Problem."""
        self._put(lambda: self._parts.questions.answer(question))

    def join(self, timeout_s: float) -> None:
        """Wait at most so long until the thread has ended; what was shown is kept no longer."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if not self._thread.is_alive():
            with suppress(FileProblem):  # then it is shown once more
                self._state.commit(self._unread.take_shown())

    def stop(self, flush_s: float = 0.0) -> None:
        """End when all that was asked for is done, at the latest in ``flush_s``.

        That is: logged in, every message accepted by the relay, every question answered.
        """
        self._calls.put(lambda: self._plan_stop(flush_s))

    # The thread -----------------------------------------------------------------------------------

    def _work_on(self) -> None:
        try:
            while not self._ended:
                self._work(self._next_calls())
        except SecureChatError as error:
            self._end(error)
        except Exception as error:
            logger.exception("the engine failed")
            self._end(SecureChatError(f"Internal error ({type(error).__name__})", "see the log"))

    def _next_calls(self) -> list[Callable[[], None]]:
        """Wait for something to do; return all that has come by then."""
        deadlines = (self._stop_at, self._unread.due_at, *self._parts.due_times)
        due = [at for at in deadlines if at is not None]
        wait_s = max(0.0, min(due) - self._run.now_s()) if due else None
        return self._calls.take(wait_s)

    def _work(self, calls: list[Callable[[], None]]) -> None:
        """Do one batch; what is left when the engine ends in it comes again with the next login."""
        for call in (*calls, self._do_what_is_due):
            self._guarded(call)
            if self._ended:
                return
        self._carry_out()

    def _guarded(self, call: Callable[[], None]) -> None:
        """Run one piece of work; an error in it is told."""
        try:
            call()
        except SecureChatError as error:
            self._desk.report(error)

    def _carry_out(self) -> None:
        """Commit the batch; then send, tell and acknowledge."""
        batch, self._desk.batch = self._desk.batch, Batch()
        changes = {**self._endpoint.take_changes(), **batch.changes}
        changes |= self._unread.keep(batch.events)
        changes |= self._desk.handed_over.add(batch.envelopes, batch.frames)
        if changes or batch.history:
            self._state.commit(changes | self._unread.take_shown(), batch.history)
        for frame in batch.frames:
            self._link.send(frame)
        if batch.envelopes:
            self._link.send_envelopes(batch.envelopes)
        self.queued = self._people.draft_count + len(self._desk.outbox) + self._early.texts
        for event in batch.events:
            self._audience.tell(event, errand=self._parts.errands.concerns(event))
        if batch.ack:
            self._link.ack(batch.ack)
        if self._unread.read_receipts.hand_out(self._desk):
            self._parts.receiving.plan_receipts()

    def _do_what_is_due(self) -> None:
        now = self._run.now_s()
        self._parts.do_what_is_due(now)
        if self._unread.due_at is not None and self._unread.due_at <= now:
            self._desk.change(self._unread.take_shown())
        if self._stop_at is not None and (now >= self._stop_at or self._nothing_left):
            self._end(None)

    def _send_receipts(self) -> None:
        """Let others know at once what has come, and what was read."""
        self._desk.change(self._unread.take_shown())
        self._unread.read_receipts.hand_out(self._desk)
        self._parts.receiving.send_receipts()

    # What faces asked for -------------------------------------------------------------------------

    def _put(self, call: Callable[[], None]) -> None:
        """Let the thread carry out a call about people, once it is known at which relay."""
        self._calls.put(lambda: self._early.carry_out(call))

    def _write(self, recipient: str, message_id: MessageId, text: str, *, errand: bool) -> None:
        self._early.carry_out(
            lambda: (self._parts.errands if errand else self._parts.sending).write(
                recipient, message_id, text
            ),
            is_text=True,
        )

    def _retell(self, scrollback: int) -> None:
        unread = self._unread
        past = recall(self._run, self._state, scrollback, unread.ids)
        self._desk.batch.events += [*past, *unread]

    def _plan_stop(self, flush_s: float) -> None:
        self._stop_at = self._run.now_s() + flush_s
        self._send_receipts()

    @property
    def _nothing_left(self) -> bool:
        asking = self._parts.lookups.asks_who or self._parts.receiving.unsettled
        return self._was_ready and not asking and self._desk.is_settled

    def _end(self, error: SecureChatError | None) -> None:
        """Carry out what is left, say goodbye, and tell the faces that it is over."""
        if self._ended:
            return
        self._ended = True
        error = error or outcome(self._desk, self._run.peer)
        try:
            self._parts.receiving.give_up()
            self._send_receipts()
            self._carry_out()
        except SecureChatError as problem:
            error = error or problem
        self.queued_for = sorted(map(self._desk.called, self._desk.unsent))
        self._link.stop()
        self._audience.tell(ev.Ended(error))

    # What the link says ---------------------------------------------------------------------------

    def _on_news(self, news: LinkNews) -> None:
        match news:
            case Up():
                self._on_up(news)
            case Down():
                self._on_down(news)
            case _ if self._renewing.is_under_way:
                pass  # the connection was another device's
            case Delivery():
                for incoming in news.envelopes:
                    self._guarded(partial(self._parts.receiving.open, incoming.envelope))
                self._parts.receiving.note_delivered(news.last)
                self._desk.batch.ack = news.last
            case Answered():
                self._parts.sending.answered(news)
            case NotTaken():
                self._parts.sending.not_taken(news)
            case Arrived(frame):
                self._on_frame(frame)

    def _on_frame(self, frame: f.RelayFrame) -> None:
        match frame:
            case f.Challenge():
                self._or_end(lambda: self._on_challenge(frame))
            case f.Welcome():
                self._or_end(lambda: self._on_welcome(frame))
            case f.Found():
                self._parts.answers.found(frame)
                self._parts.errands.judge()
            case f.Failed():
                if not self._parts.answers.failed(frame):
                    self._or_end(lambda: self._parts.publishing.check(frame))
            case f.Presence():
                self._parts.answers.presence(frame)
            case f.KeysLeft():
                self._parts.publishing.replenish(frame.one_time_keys)
            case f.People():
                self._parts.lookups.tell_people(frame.names)

    # Login ----------------------------------------------------------------------------------------

    def _on_up(self, up: Up) -> None:
        relay_id = self._relay_id_of(up.certificate)
        if relay_id != self._desk.relay_id:
            self._carry_out()
            self._open_desk(relay_id)
            for call in self._early.take():
                self._guarded(call)
        self._login = Login(self._endpoint, self._run.name, relay_id, up.certificate)
        self._desk.batch.frames.append(self._login.hello())

    def _or_end(self, step: Callable[[], None]) -> None:
        """Take a step of the login; whatever is wrong with it ends the engine."""
        try:
            step()
        except SecureChatError as error:
            self._end(error)

    def _on_challenge(self, challenge: f.Challenge) -> None:
        frames = self._login.answer(challenge, self._run.now_ms(), self._desk.handed_over.count)
        if followed := list_to_follow(self._endpoint, challenge):
            self._renew(followed)
        else:
            self._desk.batch.frames += frames

    def _renew(self, followed: DeviceList) -> None:
        """Go on as the person's next device: this one's state is an older copy."""
        relay_id = self._desk.relay_id
        self._renewing.begin(relay_id)
        self._carry_out()
        self._endpoint, events = renew(self._state, self._endpoint, followed, self._run.now_ms())
        self._open_desk(relay_id)
        self._desk.batch.events += events
        self._link.reconnect()

    def _on_welcome(self, welcome: f.Welcome) -> None:
        self._login.check(welcome)
        if is_older(self._endpoint, self._desk.handed_over.count, welcome):
            self._renew(self._endpoint.device_list)
            return
        again, self._was_ready = self._was_ready, True
        name, key = parse_name(welcome.name), fingerprint(self._desk.relay_id)
        encrypted = self._run.unencrypted is None
        self._desk.tell(ev.Ready(name, self._run.relay, key, again, encrypted))
        self._parts.begin(welcome)

    def _on_down(self, down: Down) -> None:
        self._parts.end()
        if self._renewing.end() and down.retry_in_s is not None:
            return
        if down.retry_in_s is None or not self._was_ready:
            self._end(down.error)
            return
        if self._stop_at is None:
            self._desk.tell(ev.Offline(down.error.what, down.retry_in_s))

    def _open_desk(self, relay_id: RelayId) -> None:
        """Begin with a relay, where nothing is known of what another one has said."""
        self._desk = open_desk(self._run, relay_id, self._state, self._endpoint, self._people)
        self._parts = make_parts(self._desk, self._run.name)
