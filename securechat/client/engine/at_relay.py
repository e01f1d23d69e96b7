"""A profile at one relay: the login there, and which part takes what the relay says."""

from collections.abc import Callable
from functools import partial

from securechat.client import events as ev
from securechat.client.commands import InviteQuestion, MakeCode, Question, RoomQuestion
from securechat.client.connection.faults import NOT_REGISTERED
from securechat.client.connection.link import (
    Answered,
    Arrived,
    Delivery,
    Down,
    LinkNews,
    NotTaken,
    Up,
)
from securechat.client.connection.login import Login
from securechat.client.connection.read_ahead import Mark
from securechat.client.engine.early import Early, Stage
from securechat.client.engine.parts import make_parts
from securechat.client.input.typed import Typed
from securechat.client.ports import StatePort
from securechat.client.state.opening import open_desk
from securechat.client.state.people import NO_RELAY, People
from securechat.client.state.renewal import Renewing, is_older, list_to_follow, renew
from securechat.client.state.run import Run, SoFar
from securechat.e2e.endpoint import Endpoint
from securechat.errors import InternalError, LimitExceeded, SecureChatError
from securechat.identity.device import DeviceList
from securechat.identity.names import parse_name
from securechat.identity.types import RelayId, fingerprint
from securechat.wire import frames as f


class AtRelay:
    """The desk and the parts for the relay that is at the other end, and the login on it.

    For the engine's thread. Each relay has its own desk. Before the first connection that of the
    relay stands there which the run knows, if it trusts no other; else one for `NO_RELAY`, and what
    faces want of people waits until it is clear who the relay is. That is a connection, or that
    none can be made and the run may begin without.
    """

    def __init__(
        self,
        run: Run,
        state: StatePort,
        endpoint: Endpoint,
        relay_id_of: Callable[[bytes], RelayId],
        *,
        carry_out: Callable[[], None],
        reconnect: Callable[[], None],
    ) -> None:
        """Begin with this device. ``relay_id_of`` reads a relay's id from its certificate.

        ``carry_out`` commits, sends and tells what is on the desk before another one comes;
        ``reconnect`` closes the connection and opens the next.
        """
        self._run = run
        self._state = state
        self._relay_id_of = relay_id_of
        self._carry_out = carry_out
        self._reconnect = reconnect
        self._early = Early()
        self._renewing = Renewing()
        self._so_far = SoFar(in_lobby=run.lobby, visible=run.visible, typing=run.typing)
        self.people = People(run.name)
        relay_id = run.known_relay() if run.trusts_one_relay else None
        self._open_desk(relay_id or NO_RELAY, endpoint)
        if relay_id is not None:
            self._early.take(Stage.WHICH_RELAY)
        self._login = Login(self.desk.endpoint, run.name, NO_RELAY, b"")
        self._was_ready = False
        self._has_begun = False
        self._clock_off_s = 0
        self.may_be_known = False
        """Whether a relay may have entered this device: it was asked to, and has not refused."""
        self._is_leaving = False
        self._next_attempt_s: float | None = None

    # What faces want of people --------------------------------------------------------------------

    def write(self, typed: Typed, *, errand: bool) -> None:
        """Take a text, which may be the ``errand`` of another command."""
        self._early.carry_out(lambda: self.parts.writing.write(typed, errand=errand), is_text=True)

    def talk_to(self, name: str) -> None:
        """Look a person up and hear of their coming and going."""
        self._early.carry_out(lambda: self.parts.lookups.talk_to(self.desk.person(name)))

    def ask(self, question: Question) -> None:
        """Answer a question all of whose names are filled in."""
        is_late = isinstance(question, RoomQuestion | InviteQuestion | MakeCode)
        stage = Stage.LOGGED_IN if is_late else Stage.WHICH_RELAY  # who asks has to be somebody
        self._early.carry_out(lambda: self._answer(question), stage)

    def leave(self) -> None:
        """Take note that the run is about to end, and keep what was written if one knows where."""
        self._is_leaving = True
        if not self._has_begun and self._has_known_desk():
            self._make_up_for(Stage.WHICH_RELAY)

    def attempt(self, call: Callable[[], None]) -> None:
        """Make a call; what is wrong with it is told, and everything goes on."""
        try:
            call()
        except SecureChatError as error:
            self.desk.report(error)

    def _answer(self, question: Question) -> None:
        try:
            self.parts.questions.answer(question)
        except SecureChatError as error:
            self.desk.report(error, asked=question)

    @property
    def queued(self) -> int:
        """How many own messages the relay has not accepted yet."""
        waiting = self.desk.unsealed | self.desk.outbox.message_ids | self.parts.posting.waiting
        return len(waiting) + self._early.texts

    @property
    def is_settled(self) -> bool:
        """Whether the session has begun, every message is accepted, and nothing being asked."""
        parts = self.parts
        asking = parts.lookups.asks_who or parts.receiving.unsettled or parts.is_awaiting
        return self._has_begun and not asking and self.desk.is_settled

    def is_away_until(self, time_s: float) -> bool:
        """Tell whether there is no connection, and no attempt before a time of the run's clock."""
        return self._next_attempt_s is not None and self._next_attempt_s >= time_s

    # What the link says ---------------------------------------------------------------------------

    def on(self, news: LinkNews) -> None:
        """Take what the link says; what is wrong with it is told.

        Raises what the run cannot go on after: a login that failed, or a connection that will not
        come back, or that the run cannot begin without.
        """
        match news:
            case Up():
                self._on_up(news)
            case Down():
                self._on_down(news)
            case Mark(note):
                note()
            case _ if self._renewing.is_under_way:
                pass  # the connection was another device's
            case Arrived(f.Challenge() as challenge):
                self._on_challenge(challenge)
            case Arrived(f.Welcome() as welcome):
                self._on_welcome(welcome)
            case Arrived(f.Failed() as failed):
                self.parts.publishing.check(failed)
                self.parts.inviting.failed(failed)
                self.attempt(lambda: self.parts.answers.failed(failed))
                self.attempt(lambda: self.parts.pairing.failed(failed))
            case _:
                self.attempt(lambda: self._hear(news))

    def _hear(self, news: LinkNews) -> None:
        match news:
            case Delivery():
                for incoming in news.envelopes:
                    self.attempt(partial(self.parts.receiving.open, incoming.envelope))
                self.parts.receiving.note_delivered(news.last)
                self.desk.batch.ack = news.last
            case Answered():
                self.parts.sending.answered(news)
            case NotTaken():
                self.parts.sending.not_taken(news)
            case Arrived(f.Found() as found):
                self.parts.answers.found(found)
                self.parts.errands.judge()
            case Arrived(f.Presence() as presence):
                self.parts.answers.presence(presence)
            case Arrived(f.Done() | f.Invites() as done):
                self.parts.inviting.done(done)
            case Arrived(f.KeysLeft() as left):
                self.parts.publishing.replenish(left.one_time_keys)
            case Arrived(f.People() as people):
                self.parts.lookups.tell_people(people.names, people.away)
            case Arrived(f.Lobby() as lobby):
                self.parts.lobby.hear(lobby)
            case Arrived(f.PairOpened() | f.PairKnock() | f.PairPass() | f.PairEnd() as frame):
                self.parts.pairing.hear(frame)

    def _on_down(self, down: Down) -> None:
        self.parts.end()
        if self._renewing.end() and down.retry_in_s is not None:
            return
        if isinstance(down.error, NOT_REGISTERED) and not self._was_ready:
            self.may_be_known = False
        if down.retry_in_s is None or not (self._has_begun or self._may_begin_without(down.error)):
            raise down.error
        self._next_attempt_s = self._run.now_s() + down.retry_in_s
        self._begin_offline()
        if not self._is_leaving:
            self.desk.tell(ev.Offline(down.error.what, down.retry_in_s))
        self._make_up_for(Stage.LOGGED_IN)

    def _may_begin_without(self, error: SecureChatError) -> bool:
        """Tell whether the session can begin although the first connection has failed so.

        A relay that says that it is asked too much is there, and a failure of our own says nothing.
        """
        is_absence = not isinstance(error, LimitExceeded | InternalError)
        return is_absence and self._has_known_desk()

    def _has_known_desk(self) -> bool:
        """Tell whether this is the desk of the relay that is known, and lay it out if none is."""
        relay_id = self._run.known_relay()
        if relay_id is not None and self.desk.relay_id == NO_RELAY:
            self._carry_out()
            self._open_desk(relay_id, self.desk.endpoint)
        return self.desk.relay_id == relay_id

    def _begin_offline(self) -> None:
        if self._has_begun:
            return
        self._has_begun = self.parts.lookups.has_begun = True
        if not self._is_leaving:
            key = fingerprint(self.desk.relay_id)
            self.desk.tell(ev.BegunOffline(self._run.name, self._run.relay, key))

    # Login ----------------------------------------------------------------------------------------

    def _on_up(self, up: Up) -> None:
        self._next_attempt_s = None
        relay_id = self._relay_id_of(up.certificate)
        if relay_id != self.desk.relay_id:
            self._carry_out()
            self._open_desk(relay_id, self.desk.endpoint)
            self._make_up_for(Stage.WHICH_RELAY)
        self._login = Login(
            self.desk.endpoint, self._run.name, relay_id, up.certificate, self._run.invite
        )
        self.desk.batch.frames.append(self._login.hello())

    def _make_up_for(self, stage: Stage) -> None:
        """Do what was asked for too early, and can be done now."""
        for call in self._early.take(stage):
            self.attempt(call)

    def _on_challenge(self, challenge: f.Challenge) -> None:
        endpoint, handed_over = self.desk.endpoint, self.desk.handed_over.count
        now_ms = self._run.now_ms()
        self._clock_off_s = round((now_ms - challenge.time_ms) / 1000)
        frames = self._login.answer(challenge, now_ms, handed_over)
        self.may_be_known = True
        if followed := list_to_follow(endpoint, challenge):
            self._renew(followed)
        else:
            self.desk.batch.frames += frames

    def _on_welcome(self, welcome: f.Welcome) -> None:
        self._login.check(welcome)
        endpoint = self.desk.endpoint
        if is_older(endpoint, self.desk.handed_over.count, welcome):
            self._renew(endpoint.device_list)
            return
        again, self._was_ready, self._has_begun = self._was_ready, True, True
        name, key = parse_name(welcome.name), fingerprint(self.desk.relay_id)
        encrypted = self._run.unencrypted is None
        self.desk.tell(ev.Ready(name, self._run.relay, key, again, encrypted, self._clock_off_s))
        self.parts.begin(welcome)
        self._make_up_for(Stage.LOGGED_IN)

    def _renew(self, followed: DeviceList) -> None:
        """Go on as the person's next device: this one's state is an older copy."""
        relay_id, endpoint = self.desk.relay_id, self.desk.endpoint
        self._renewing.begin(relay_id)
        self._carry_out()
        following, events = renew(self._state, endpoint, followed, self._run.now_ms())
        self._open_desk(relay_id, following)
        self.desk.batch.events += events
        self._reconnect()

    def _open_desk(self, relay_id: RelayId, endpoint: Endpoint) -> None:
        """Begin with a relay, where nothing is known of what another one has said."""
        self.desk = open_desk(self._run, self._so_far, relay_id, self._state, endpoint, self.people)
        self.parts = make_parts(self.desk, self._run, self._state)
