"""What tests about mailboxes do: number envelopes, and let a slow store work."""

from securechat.identity.types import EnvelopeId
from securechat.wire import frames as f
from tests.pure.relay.world import Client, RelayWorld
from tests.pure.store.delayed import DelayedStore


def bodies(first: int, last: int, size_bytes: int = 0) -> list[bytes]:
    """Return numbered envelopes, padded to a size."""
    return [(b"%d." % number).ljust(size_bytes, b"\0") for number in range(first, last + 1)]


def numbers(client: Client) -> list[int]:
    """Return the numbers of the envelopes delivered so far, repetitions and all."""
    return [int(body.split(b".")[0]) for body in client.bodies]


def codes(client: Client) -> list[str]:
    return [code for _, code in client.refused]


def outgoing(to: Client, number: int, body: bytes = b"1.") -> f.Outgoing:
    return f.Outgoing(to.mailbox, EnvelopeId(number.to_bytes(16, "big")), body)


def slow_world(*names: str, **settings: int) -> tuple[RelayWorld, list[Client]]:
    world = RelayWorld(DelayedStore(), **settings)
    return world, list(world.online(*names))


def run(world: RelayWorld) -> None:
    """Let the store do all it was told, and the world come to rest."""
    assert isinstance(world.store, DelayedStore)
    while world.store.run():
        world.settle()


def step(world: RelayWorld, *, answer: bool) -> None:
    """Let the store carry out all its orders, and perhaps tell of them."""
    assert isinstance(world.store, DelayedStore)
    while world.store.work():
        pass
    while answer and world.store.answer():
        pass
    world.settle()
