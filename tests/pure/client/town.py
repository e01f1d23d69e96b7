"""Several engines at one relay, which a test can make lie: all in memory, nothing by itself."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.connection.link import Answered, Delivery, Up
from securechat.identity.chain import PublishedDevice, PublishedUser
from securechat.identity.names import name_key
from securechat.identity.types import EnvelopeId, MailboxId, Name, mailbox_id
from securechat.wire import frames as f
from tests.pure.client.engine_world import CERTIFICATE, MemoryState, World, welcome
from tests.pure.e2e.world import NOW_MS, RELAY, small_batches

ROUNDS = 200
OUTSIDE = f.Status(True, False, False)


@dataclass
class Citizen:
    """A person with an engine; what the relay has of them and for them."""

    name: str
    world: World
    register: f.Register | None = None
    publish: f.Publish | None = None
    keys: list[object] = field(default_factory=list)
    mail: deque[f.Outgoing] = field(default_factory=deque)
    connected: bool = False
    status: f.Status = OUTSIDE
    frames_done: int = 0
    envelopes_done: int = 0
    signals_done: int = 0
    delivered: int = 0

    @property
    def mailbox(self) -> MailboxId:
        assert self.register is not None
        certificate = self.register.certificates[0]
        return mailbox_id(certificate.user_key, certificate.device_id)

    def ask(self, question: c.Question) -> None:
        self.world.engine.ask(question)

    def say(self, target: str, text: str, **more: object) -> str:
        return self.world.engine.send(target, text, **more)  # type: ignore[arg-type]

    @property
    def heard(self) -> list[tuple[str | None, str, str]]:
        """Where, of whom and what, in order."""
        messages = self.world.told(ev.Message)
        return [(each.room, each.sender, each.text) for each in messages]

    def news(self, change: ev.RoomChange) -> list[ev.RoomNews]:
        return [each for each in self.world.told(ev.RoomNews) if each.change is change]


class Town:
    """A relay that is honest unless ``drops`` says that an envelope is lost on the way."""

    def __init__(self) -> None:
        self.citizens: dict[str, Citizen] = {}
        self.drops: Callable[[Citizen, Citizen, f.Outgoing], bool] = lambda *_: False

    def settle(self) -> None:
        """Let everything that is under way come to its end."""
        for _ in range(ROUNDS):
            for citizen in self.citizens.values():
                citizen.world.settle()
            if not sum([self._serve(each) for each in tuple(self.citizens.values())]):
                return
        raise AssertionError("the town does not come to rest")

    def pass_time(self, seconds: float) -> None:
        for citizen in self.citizens.values():
            citizen.world.now_s += seconds
            citizen.world.now_ms += round(seconds * 1000)
        self.settle()

    def do(self, name: str, *questions: c.Question) -> None:
        """Let somebody ask something, and wait until all of it is done."""
        for question in questions:
            self.citizens[name].ask(question)
            self.settle()

    def do_at_once(self, asked: Mapping[str, c.Question]) -> None:
        """Let people ask something before anybody has heard of what the others do."""
        with ExitStack() as stack:
            for name in asked:
                stack.enter_context(self.citizens[name].world.at_once())
            for name, question in asked.items():
                self.citizens[name].ask(question)
        self.settle()

    def say(self, name: str, target: str, text: str, **more: object) -> str:
        message_id = self.citizens[name].say(target, text, **more)
        self.settle()
        return message_id

    def connect(self, name: str) -> None:
        citizen = self.citizens[name]
        citizen.connected, citizen.delivered, citizen.status = True, 0, f.Status(True, False, False)
        world = citizen.world
        world.news(Up(CERTIFICATE))
        known = citizen.register is not None
        world.tell(f.Challenge(1, RELAY, b"n" * 32, NOW_MS, known))
        if not known:
            citizen.register = world.sent(f.Register)
        citizen.frames_done = len(world.link.frames)
        epoch = citizen.publish.bundle.epoch if citizen.publish and citizen.publish.bundle else 0
        sent = world.sent(f.Login).sent
        world.tell(
            welcome(
                name,
                bundle_epoch=epoch,
                one_time_keys=len(citizen.keys),
                sent=sent,
                waiting=len(citizen.mail),
            )
        )
        self.settle()

    def disconnect(self, name: str) -> None:
        citizen = self.citizens[name]
        citizen.world.lose_connection()
        self._leave(citizen)
        citizen.frames_done = len(citizen.world.link.frames)
        citizen.envelopes_done = len(citizen.world.link.envelopes)
        citizen.signals_done = len(citizen.world.link.signals)
        self.settle()

    def move_in(
        self, name: str, state: MemoryState | None = None, *, connected: bool = True, **options: Any
    ) -> Citizen:
        """Begin with somebody, as the person whose state that is or a new one."""
        before = self.citizens.get(name)
        world = World(None, state, name=name, **options)  # type: ignore[arg-type]
        citizen = self.citizens[name] = Citizen(name, world)
        if before is not None:
            self._leave(before)
            citizen.register, citizen.publish = before.register, before.publish
            citizen.keys, citizen.mail = before.keys, before.mail
            world.now_ms, world.now_s = before.world.now_ms, before.world.now_s
        world.engine.start()
        if connected:
            self.connect(name)
        return citizen

    def stop(self, name: str) -> MemoryState:
        """End somebody's client; return what it has kept."""
        if self.citizens[name].connected:
            self.disconnect(name)
        return self._end(self.citizens[name])

    def close(self) -> None:
        """End all clients; nobody is left to hear of it."""
        for citizen in self.citizens.values():
            if citizen.connected:
                citizen.world.lose_connection()
            self._end(citizen)

    @staticmethod
    def _end(citizen: Citizen) -> MemoryState:
        citizen.world.engine.stop()
        citizen.world.engine._thread.join()
        assert not citizen.world.engine._thread.is_alive()
        return citizen.world.state

    # What the relay does --------------------------------------------------------------------------

    def _serve(self, citizen: Citizen) -> int:
        """Do what somebody's client has asked for by now; return how much that was."""
        if not citizen.connected:
            return 0
        link = citizen.world.link
        frames = link.frames[citizen.frames_done :]
        citizen.frames_done = len(link.frames)
        for frame in frames:
            self._handle(citizen, frame)
        envelopes = link.envelopes[citizen.envelopes_done :]
        citizen.envelopes_done = len(link.envelopes)
        for outgoing in envelopes:
            self._route(citizen, outgoing)
        if envelopes:
            citizen.world.news(Answered(tuple(each.envelope_id for each in envelopes)))
        signals = link.signals[citizen.signals_done :]
        citizen.signals_done = len(link.signals)
        for outgoing in signals:
            self._route(citizen, outgoing, ephemeral=True)
        return len(frames) + len(envelopes) + len(signals) + self._deliver(citizen)

    def _deliver(self, citizen: Citizen) -> int:
        batch = [citizen.mail.popleft() for _ in range(len(citizen.mail))]
        if batch:
            citizen.delivered += len(batch)
            incoming = tuple(
                f.Incoming(EnvelopeId(each.envelope_id), each.envelope) for each in batch
            )
            citizen.world.news(Delivery(citizen.delivered, incoming))
        return len(batch)

    def _route(self, sender: Citizen, outgoing: f.Outgoing, *, ephemeral: bool = False) -> None:
        for citizen in self.citizens.values():
            if citizen.register is not None and citizen.mailbox == outgoing.mailbox:
                is_kept = citizen.connected or not ephemeral
                if is_kept and not self.drops(sender, citizen, outgoing):
                    citizen.mail.append(outgoing)
                return

    def _handle(self, citizen: Citizen, frame: f.ClientFrame) -> None:
        match frame:
            case f.Publish():
                if frame.bundle is not None:
                    citizen.publish, citizen.keys = frame, []
                citizen.keys += frame.one_time_keys
                citizen.world.tell(f.Done(frame.request))
            case f.Lookup():
                self._look_up(citizen, frame)
            case f.Status():
                self._note_status(citizen, frame)
            case f.Watch():
                for name in frame.names:
                    holder = self._called(name)
                    online = holder is not None and holder.connected
                    citizen.world.tell(f.Presence(name, online))
            case _:
                pass

    def _look_up(self, citizen: Citizen, look: f.Lookup) -> None:
        holder = self._called(look.name)
        if holder is None or holder.register is None or holder.publish is None:
            citizen.world.tell(f.Failed(look.request, "unknown-name", "no"))
            return
        bundle = holder.publish.bundle
        assert bundle is not None
        key = holder.keys.pop() if look.claim and holder.keys else None
        device = PublishedDevice(holder.register.certificates[0], bundle, key)  # type: ignore[arg-type]
        user = PublishedUser(holder.register.registration, holder.register.device_list, (device,))
        citizen.world.tell(f.Found(look.request, user))

    def _called(self, name: str) -> Citizen | None:
        return self.citizens.get(name_key(Name(name)))

    def _in_lobby(self) -> list[Citizen]:
        return [each for each in self.citizens.values() if each.connected and each.status.lobby]

    def _note_status(self, citizen: Citizen, status: f.Status) -> None:
        before, citizen.status = citizen.status, status
        others = [each for each in self._in_lobby() if each is not citizen]
        if status.lobby and not before.lobby:
            here = tuple((each.name, each.status.away) for each in others)
            citizen.world.tell(f.Lobby(here, (), True, False))
        for other in others:
            if status.lobby:
                other.world.tell(f.Lobby(((citizen.name, status.away),), (), False, False))
            elif before.lobby:
                other.world.tell(f.Lobby((), (citizen.name,), False, False))

    def _leave(self, citizen: Citizen) -> None:
        citizen.connected = False
        if citizen.status.lobby:
            for other in self._in_lobby():
                other.world.tell(f.Lobby((), (citizen.name,), False, False))


@contextmanager
def town(*names: str, **options: object) -> Iterator[Town]:
    """Run a town with these people until the block ends."""
    with small_batches():
        made = Town()
        try:
            for name in names:
                made.move_in(name, **options)
            yield made
        finally:
            made.close()


def make_room(made: Town, creator: str, *others: str, room: str = "#ops") -> None:
    made.do(creator, c.Create(room))
    if others:
        made.do(creator, c.Invite(room, others))
    for name in others:
        made.do(name, c.Join(room))
