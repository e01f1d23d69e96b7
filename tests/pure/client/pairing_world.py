"""Two people and a code, with the test in the place of the relay."""

from dataclasses import dataclass

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.pairing.pairing_code import PairingCode, parse_code
from securechat.client.pairing.pairing_rows import introduce
from securechat.e2e.pairing import Introduction, Joiner
from securechat.identity.names import parse_name
from securechat.identity.types import RelayId
from securechat.wire import frames as f
from tests.pure.client.engine_world import World
from tests.pure.e2e.world import NOW_MS, RELAY, Seat

ADDRESS = "192.0.2.66"
SLOT = 7


def introduction(seat: Seat, relay_id: RelayId = RELAY, name: str | None = None) -> Introduction:
    return introduce(seat.endpoint, relay_id, parse_name(name or seat.name), NOW_MS)


def get_code(world: World, slot: int = SLOT) -> PairingCode:
    """Let Alice make a code, and the relay give her this slot for it."""
    world.engine.ask(c.MakeCode())
    world.settle()
    return give_slot(world, slot)


def give_slot(world: World, slot: int = SLOT, lifetime_ms: int = 600_000) -> PairingCode:
    """Let the relay answer Alice's last question for a slot; return the code that she tells."""
    world.tell(f.PairOpened(world.sent(f.PairOpen).request, slot, lifetime_ms))
    return parse_code(world.told(ev.CodeReady)[-1].code)


@dataclass
class Guest:
    """Somebody who types a code, over frames that the test carries to Alice and back."""

    world: World
    joiner: Joiner

    @classmethod
    def knock(cls, world: World, code: PairingCode, own: Introduction) -> "Guest":
        """Begin, and let Alice answer."""
        guest = cls(world, Joiner(code.slot, code.password, own))
        world.tell(f.PairKnock(code.slot, ADDRESS, guest.joiner.message))
        return guest

    def answer(self) -> bytes:
        """Return message 3, to Alice's last message."""
        return self.joiner.answer(self.world.sent(f.PairPass).payload)[1]


def pair(world: World, code: PairingCode, own: Introduction) -> Guest:
    """Let somebody pair with Alice from beginning to end."""
    guest = Guest.knock(world, code, own)
    world.tell(f.PairPass(code.slot, guest.answer()))
    return guest
