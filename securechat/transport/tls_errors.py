"""What went wrong in TLS, in the words of securechat.errors; the only reader of OpenSSL's codes."""

import ssl
from pathlib import Path

from securechat.errors import CertificateExpired, SecureChatError, Unreachable, Untrusted
from securechat.transport.endpoint import Endpoint
from securechat.transport.network_errors import cannot_reach, connection_lost, not_a_relay

# X509_V_ERR_* of OpenSSL's x509_vfy.h
_NOT_YET_VALID, _EXPIRED = 9, 10
_WRONG_NAME, _WRONG_ADDRESS = 62, 64

_NOT_TLS = {
    "WRONG_VERSION_NUMBER": "TLS",
    "PACKET_LENGTH_TOO_LONG": "TLS",
    "HTTP_REQUEST": "TLS but HTTP",
    "HTTPS_PROXY_REQUEST": "TLS but HTTP",
}
"""What the other side does not speak, and what it speaks instead."""

_CAUSES = {
    "UNSUPPORTED_PROTOCOL": "the other side does not speak TLS 1.3",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the other side does not speak TLS 1.3",
}


def handshake_failed(
    error: ssl.SSLError, remote: Endpoint, ca_file: Path | None
) -> SecureChatError:
    """Return our error for one that a handshake with `remote` raised, given whom we trust."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _untrusted(error, remote, ca_file)
    refuse = not_a_relay if error.reason in _NOT_TLS else cannot_reach
    return refuse(remote, _cause(error))


def client_refused(error: ssl.SSLError, client: Endpoint) -> Unreachable:
    """Return our error for one that the handshake with a client that came to us raised."""
    if error.reason in _NOT_TLS:
        return Unreachable(f"{client} does not speak {_NOT_TLS[error.reason]}.")
    return Unreachable(f"{client} did not complete the TLS handshake ({_cause(error)}).")


def session_broken(error: ssl.SSLError, remote: Endpoint) -> SecureChatError:
    """Return our error for one that an open TLS connection raised."""
    return connection_lost(remote, _cause(error))


def _cause(error: ssl.SSLError) -> str:
    code = error.reason or "unknown"
    if code in _NOT_TLS:
        return f"what answers there is not {_NOT_TLS[code]}"
    return _CAUSES.get(code) or f"TLS failed: {code.lower().replace('_', ' ')}"


def _untrusted(
    error: ssl.SSLCertVerificationError, remote: Endpoint, ca_file: Path | None
) -> SecureChatError:
    code = error.verify_code
    if code == _EXPIRED:
        return CertificateExpired(
            f"The certificate of {remote} has expired.",
            "date -u; if this clock is right, on the relay's machine: securechat gen-certs --force",
        )
    if code == _NOT_YET_VALID:
        return CertificateExpired(
            f"The certificate of {remote} is not valid yet.",
            "check the clocks of both machines: date -u",
        )
    if code in (_WRONG_NAME, _WRONG_ADDRESS):
        return Untrusted(
            f"The certificate of {remote} is not made out to {remote.host}.",
            f"on the relay's machine: securechat gen-certs --force --host {remote.host}",
        )
    return Untrusted(
        f"The certificate of {remote} is not signed by {ca_file} ({error.verify_message}).",
        f"copy ca.pem from that relay to {ca_file}, if it is yours, and connect again",
    )
