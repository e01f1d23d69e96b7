"""The signature by which a device proves itself on one connection to one relay."""

from typing import Annotated, ClassVar, Self

from securechat.crypto.signing import SigningKey
from securechat.identity.device import DeviceCertificate
from securechat.identity.notation import u64
from securechat.identity.signed import UNSIGNED, SignedObject, require
from securechat.identity.types import SIZE_16, SIZE_32, DeviceId, Number, RelayId, UserKey


class LoginProof(SignedObject, frozen=True, array_like=True):
    """A device's signature over everything that identifies this login and no other."""

    label: ClassVar[str] = "securechat/login/v1"

    relay_id: Annotated[RelayId, SIZE_32]
    certificate_hash: Annotated[bytes, SIZE_32]
    server_nonce: Annotated[bytes, SIZE_32]
    client_nonce: Annotated[bytes, SIZE_32]
    user_key: Annotated[UserKey, SIZE_32]
    device_id: Annotated[DeviceId, SIZE_16]
    protocol_version: Number

    @classmethod
    def sign(
        cls,
        key: SigningKey,
        certificate: DeviceCertificate,
        *,
        relay_id: RelayId,
        certificate_hash: bytes,
        server_nonce: bytes,
        client_nonce: bytes,
        protocol_version: int,
    ) -> Self:
        """Sign a login with the secret half of the certificate's signing key.

        ``certificate_hash`` is SHA-256 of the relay's TLS certificate (DER) as this connection
        showed it; the nonces are 32 random bytes of each side.
        """
        return cls(
            signature=UNSIGNED,
            relay_id=relay_id,
            certificate_hash=certificate_hash,
            server_nonce=server_nonce,
            client_nonce=client_nonce,
            user_key=certificate.user_key,
            device_id=certificate.device_id,
            protocol_version=protocol_version,
        )._signed_with(key)

    def parts(self) -> tuple[bytes, ...]:
        """Return the fields in their order."""
        return (
            self.relay_id,
            self.certificate_hash,
            self.server_nonce,
            self.client_nonce,
            self.user_key,
            self.device_id,
            u64(self.protocol_version),
        )

    def verify(
        self,
        certificate: DeviceCertificate,
        *,
        relay_id: RelayId,
        certificate_hash: bytes,
        server_nonce: bytes,
        protocol_version: int,
    ) -> None:
        """Check this against the relay's own view of the connection and a verified certificate.

        Raises `RemoteProtocolError` when a field differs, `InvalidSignature` when the device did
        not sign it. That ``server_nonce`` serves once, and for how long, is the caller's to keep.
        """
        seen = (self.relay_id, self.certificate_hash, self.server_nonce, self.protocol_version)
        expected = (relay_id, certificate_hash, server_nonce, protocol_version)
        require(seen == expected, "A login is for another connection.")
        device = (self.user_key, self.device_id)
        require(device == certificate.address, "A login is for another device.")
        self._verify_under(certificate.signing_key)
