"""Logging in: what this device says to a relay, and what it expects to hear."""

import hashlib
import secrets
from dataclasses import dataclass, field

from securechat import __version__
from securechat.client.connection.invite_link import InviteToken
from securechat.e2e.endpoint import Endpoint
from securechat.errors import RemoteProtocolError, Untrusted
from securechat.identity.names import name_key
from securechat.identity.types import Name, RelayId
from securechat.wire import frames as f

NONCE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Login:
    """The login on one connection; ``certificate`` (DER) and ``relay_id`` are what TLS showed.

    Only a registration says the ``invite``.
    """

    endpoint: Endpoint
    name: Name
    relay_id: RelayId
    certificate: bytes
    invite: InviteToken | None = field(default=None, repr=False)

    def hello(self) -> f.Hello:
        """Return the first frame."""
        endpoint, agent = self.endpoint, f"securechat/{__version__}"
        return f.Hello((f.PROTOCOL_VERSION,), endpoint.user_key, endpoint.device_id, agent)

    def answer(self, challenge: f.Challenge, now_ms: int, handed_over: int) -> list[f.ClientFrame]:
        """Return the registration, if the relay does not know this device, and the proof.

        ``handed_over`` counts the envelopes and publications that this relay was ever given.

        Raises Untrusted or RemoteProtocolError; then nothing may be signed for this relay.
        """
        if challenge.relay_id != self.relay_id:
            raise Untrusted(
                "The relay says that it is another one than its certificate shows",
                "leave it alone, and tell whoever runs it",
            )
        if challenge.version != f.PROTOCOL_VERSION:
            raise RemoteProtocolError(
                f"The relay chose protocol version {challenge.version}, which was not offered"
            )
        endpoint = self.endpoint
        registration = endpoint.registration(self.relay_id, self.name, now_ms)
        proof = endpoint.prove_login(
            relay_id=self.relay_id,
            certificate_hash=hashlib.sha256(self.certificate).digest(),
            server_nonce=challenge.nonce,
            client_nonce=secrets.token_bytes(NONCE_BYTES),
            protocol_version=challenge.version,
        )
        login = f.Login(proof, handed_over)
        if challenge.registered:
            return [login]
        certificates = (endpoint.certificate,)
        register = f.Register(registration, endpoint.device_list, certificates, self.invite)
        return [register, login]

    def check(self, welcome: f.Welcome) -> None:
        """Raise RemoteProtocolError when somebody else was welcomed."""
        if name_key(Name(welcome.name)) != name_key(self.name):
            raise RemoteProtocolError(f"The relay takes {self.name} for somebody else")
