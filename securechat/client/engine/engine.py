"""The engine: one thread that seals, opens, remembers and asks the relay; events come out.

Faces call the public methods from any thread. Work is done in batches: handle whatever has come,
commit every change of it in one transaction, and only then send, tell and acknowledge.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

from securechat.client import events as ev
from securechat.client.commands import Question
from securechat.client.connection.link import LinkNews
from securechat.client.engine.at_relay import AtRelay
from securechat.client.engine.audience import Audience, Joining
from securechat.client.engine.calls import Calls
from securechat.client.engine.commits import Commits, NotCommitted
from securechat.client.history.unread import Unread
from securechat.client.input.typed import Typed
from securechat.client.keys.changed_keys import outcome
from securechat.client.names.typed_names import is_room, parse_other, parse_room
from securechat.client.ports import LinkPort, StatePort
from securechat.client.state.desk import Batch
from securechat.client.state.opening import open_endpoint, recall
from securechat.client.state.run import Run
from securechat.e2e.endpoint import new_message_id
from securechat.errors import InternalError, SecureChatError
from securechat.identity.types import RelayId

logger = logging.getLogger("securechat.client")

START_AGAIN = "the same command again: nothing that was kept is lost"


class Engine:
    """One profile's client. Start it, call it from any thread, stop it; Ended is its last event."""

    def __init__(
        self,
        run: Run,
        state: StatePort,
        audience: Audience,
        make_link: Callable[[Callable[[LinkNews], None]], LinkPort],
        relay_id_of: Callable[[bytes], RelayId],
    ) -> None:
        """Prepare it; the ``audience`` hears its events.

        ``relay_id_of`` reads the relay id from a certificate (DER).

        When the key of the run's peer is a changed one at the end, or texts were not sent for such
        a key, Ended has a KeyChanged.
        """
        self._run = run
        self._audience = audience
        self._state = Commits(state, self._audience.tell)
        self._calls = Calls()
        self._link = make_link(lambda news: self._calls.put(lambda: self._on_news(news)))
        self._here = AtRelay(
            run,
            self._state,
            open_endpoint(state, run.now_ms()),
            relay_id_of,
            carry_out=self._carry_out,
            reconnect=self._link.reconnect,
        )
        self._unread = Unread(state, run.now_s, confirms=run.read_receipts)
        self._thread = threading.Thread(target=self._work_on, name="engine", daemon=True)
        self._stop_at: float | None = None
        self._ended = False
        self.queued = 0
        """Own messages that the relay has not accepted yet."""
        self.queued_for: list[str] = []
        """To whom they are; for the time after the end, and as far as the relay is known."""

    # For faces, from any thread -------------------------------------------------------------------

    def catch_up(
        self, listener: Callable[[ev.Event], None], first: ev.Event, sender: str | None = None
    ) -> Callable[[], None]:
        """Call ``listener`` with ``first``, what nobody was shown yet, and then as `subscribe`.

        All in the engine's thread, so that it misses nothing, also not what the ``sender`` whom it
        listens to is called here, or that they are CHANGED; returns what ends that.
        """
        joining = Joining(self._audience, listener)
        self._calls.put(
            lambda: joining.begin(
                first, *self._here.parts.pinning.introduction(sender), *self._unread
            )
        )
        return joining.leave

    def retell(self, scrollback: int = 0) -> None:
        """Tell the listeners of the messages that were kept, and that nobody was shown yet.

        So many of those that came before them are told first, as History, and before these which
        conversations are muted, if any is.
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

    def send(
        self,
        target: str,
        text: str,
        *,
        errand: bool = False,
        action: bool = False,
        reply_to: str | None = None,
    ) -> str:
        """Send a text to a person or a ``#room``; return the id that its events carry.

        An ``action`` says what the user does. ``reply_to`` is the id of a message in the same
        conversation, or whose newest one there is answered. An ``errand`` (`Errands`) is the text
        of another command. Raises as `parse_other` does; NameInvalid for the name of no room.
        """
        if is_room(target):
            parse_room(target)
        else:
            parse_other(target, self._run.name)
        text_typed = Typed(target, new_message_id(), text, action=action, reply_to=reply_to)
        self._calls.put(lambda: self._here.write(text_typed, errand=errand))
        return text_typed.message_id.hex()

    def talk_to(self, name: str) -> None:
        """Look a person up and hear of their coming and going."""
        self._calls.put(lambda: self._here.talk_to(name))

    def ask(self, question: Question) -> None:
        """Ask something, all names filled in that it needs; its event follows, or Problem."""
        self._calls.put(lambda: self._here.ask(question))

    def join(self, timeout_s: float) -> None:
        """Wait at most so long until the thread has ended; what was shown is kept no longer."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if not self._thread.is_alive():
            with suppress(NotCommitted):  # then it is shown once more
                self._state.commit(self._unread.take_shown())

    @property
    def may_be_known(self) -> bool:
        """Whether a relay may have entered this device by now, or still might."""
        return self._thread.is_alive() or self._here.may_be_known

    def keep(self, rows: Mapping[tuple[str, bytes], bytes | None]) -> None:
        """Commit what the engine's thread has learned outside of it; raises NotCommitted."""
        self._state.commit(rows)

    def stop(self, flush_s: float = 0.0) -> None:
        """End when all that was asked for is done, at the latest in ``flush_s``.

        That is: begun, every message accepted by the relay, every question answered. It ends at
        once on a full disk, and without a connection if none is attempted by then.
        """
        self._state.hurry()
        self._calls.put(lambda: self._plan_stop(flush_s))

    # The thread -----------------------------------------------------------------------------------

    def _work_on(self) -> None:
        while not self._ended:
            self._take_turn()

    def _take_turn(self) -> None:
        """Wait for something to do, and do it; whatever goes wrong ends the engine."""
        try:
            self._work(self._next_calls())
        except NotCommitted as failure:
            self._finish(failure.error)
        except SecureChatError as error:
            self._end(error)
        except Exception as error:
            logger.exception("the engine failed")
            self._end(InternalError(f"Internal error ({type(error).__name__})", START_AGAIN))

    def _next_calls(self) -> list[Callable[[], None]]:
        """Wait for something to do; return all that has come by then."""
        deadlines = (self._stop_at, self._unread.due_at, self._here.parts.due_at)
        due = [at for at in deadlines if at is not None]
        wait_s = max(0.0, min(due) - self._run.now_s()) if due else None
        return self._calls.take(wait_s)

    def _work(self, calls: list[Callable[[], None]]) -> None:
        """Do one batch; what is left when the engine ends in it comes again with the next login."""
        for call in (*calls, self._do_what_is_due):
            self._here.attempt(call)
            if self._ended:
                return
        self._carry_out()

    def _carry_out(self) -> None:
        """Commit the batch; then send, tell and acknowledge."""
        desk, parts = self._here.desk, self._here.parts
        batch, desk.batch = desk.batch, Batch()
        changes = {**desk.endpoint.take_changes(), **batch.changes}
        changes |= self._unread.keep(batch.events)
        changes |= desk.handed_over.add(batch.envelopes, batch.frames)
        if changes or batch.history:
            self._state.commit(changes | self._unread.take_shown(), batch.history)
        for frame in batch.frames:
            self._link.send(frame)
        if batch.signals:  # that somebody types is no news behind what they typed
            self._link.send_signals(batch.signals)
        if batch.envelopes:
            self._link.send_envelopes(batch.envelopes)
        self.queued = self._here.queued
        for event in batch.events:
            self._audience.tell(event, errand=parts.errands.concerns(event))
        if batch.ack:
            self._link.ack(batch.ack)
        if self._unread.hand_out_receipts(desk):
            parts.receiving.plan_receipts()

    def _do_what_is_due(self) -> None:
        now = self._run.now_s()
        self._here.parts.do_what_is_due()
        if self._unread.due_at is not None and self._unread.due_at <= now:
            self._here.desk.change(self._unread.take_shown())
        if self._stop_at is None:
            return
        if now >= self._stop_at or self._here.is_settled or self._here.is_away_until(self._stop_at):
            self._end(None)

    def _send_receipts(self) -> None:
        """Let others know at once what has come, and what was read."""
        desk = self._here.desk
        desk.change(self._unread.take_shown())
        self._unread.hand_out_receipts(desk)
        self._here.parts.receiving.send_receipts()

    # What faces asked for -------------------------------------------------------------------------

    def _retell(self, scrollback: int) -> None:
        unread = self._unread
        past = recall(self._run, self._state, scrollback, unread.written)
        desk = self._here.desk
        notifications = desk.notifications
        muted = [notifications] if notifications.muted else []
        desk.batch.events += [*muted, *past, *unread]

    def _plan_stop(self, flush_s: float) -> None:
        self._here.leave()
        self._stop_at = self._run.now_s() + flush_s
        self._send_receipts()

    def _on_news(self, news: LinkNews) -> None:
        try:
            self._here.on(news)
        except SecureChatError as error:
            self._end(error)

    def _end(self, error: SecureChatError | None) -> None:
        """Carry out what is left, and finish."""
        if self._ended:
            return
        self._ended = True
        self._state.hurry()
        error = error or outcome(self._here.desk, self._run.peer)
        try:
            self._here.parts.receiving.give_up()
            self._here.parts.indexing.finish()
            self._send_receipts()
            self._carry_out()
        except NotCommitted as failure:
            error = error or failure.error
        except SecureChatError as problem:
            error = error or problem
        self._finish(error)

    def _finish(self, error: SecureChatError | None) -> None:
        """Say goodbye, and tell the faces that it is over; nothing more is sealed or kept."""
        self._ended = True
        desk = self._here.desk
        self.queued_for = sorted(desk.unsent | self._here.parts.posting.waiting_rooms)
        self._link.stop()
        self._audience.tell(ev.Ended(error))
