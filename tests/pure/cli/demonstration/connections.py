"""What clients would hand to a relay, for a witness to see: frames, and no relay."""

from collections.abc import Iterable

from securechat.e2e.endpoint import Endpoint
from securechat.identity.names import parse_name
from securechat.identity.types import EnvelopeId, MailboxId, RelayId
from securechat.wire import frames as f
from securechat.wire.codec import encode

NOW_MS = 1_750_000_000_123
RELAY_ID = RelayId(bytes(32))


class Person:
    """Somebody's device, and the bytes of their connection."""

    def __init__(self, name: str) -> None:
        self._name = parse_name(name)
        self._endpoint = Endpoint.create(NOW_MS)

    @property
    def mailbox(self) -> MailboxId:
        """Where envelopes for this device go."""
        return self._endpoint.certificate.mailbox

    def register(self, agent: str = "securechat/0.1.0") -> bytes:
        """Return the beginning of a connection."""
        endpoint = self._endpoint
        registration = endpoint.registration(RELAY_ID, self._name, NOW_MS)
        hello = f.Hello((1,), endpoint.user_key, endpoint.device_id, agent)
        register = f.Register(registration, endpoint.device_list, (endpoint.certificate,))
        return encode(hello) + encode(register)

    def send(self, recipient: "Person", *envelopes: tuple[int, bytes]) -> bytes:
        """Return the frame that hands in envelopes, each with the number that is its id."""
        return encode(f.Send(1, 0, tuple(_outgoing(recipient, envelopes))))


def envelope_id(number: int) -> EnvelopeId:
    return EnvelopeId(number.to_bytes(16, "big"))


def _outgoing(recipient: Person, envelopes: Iterable[tuple[int, bytes]]) -> Iterable[f.Outgoing]:
    for number, envelope in envelopes:
        yield f.Outgoing(recipient.mailbox, envelope_id(number), envelope)
