"""What went wrong in TLS, in the words of securechat.errors; the only place that reads ssl's codes."""

import ssl

from securechat.errors import CertificateExpired, SecureChatError, Unreachable, Untrusted
from securechat.transport.endpoint import Endpoint

_COPY_CA = "copy the relay's ca.pem here, then: securechat client --ca ca.pem"
_RENEW = "on the relay's machine: securechat gen-certs --force, then restart the relay"

# X509_V_ERR_* of OpenSSL's x509_vfy.h
_NOT_YET_VALID, _EXPIRED = 9, 10
_WRONG_NAME, _WRONG_ADDRESS = 62, 64

_NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "PACKET_LENGTH_TOO_LONG"}
_OLD_TLS = {
    "NO_PROTOCOLS_AVAILABLE",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "UNSUPPORTED_PROTOCOL",
    "VERSION_TOO_LOW",
}


def translate(error: ssl.SSLError, remote: Endpoint) -> SecureChatError:
    """Return our error for one of ssl, raised while talking to `remote`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _untrusted(error, remote)
    reason = error.reason or "unknown"
    if reason in _NOT_TLS:
        return Unreachable(
            f"What answers at {remote} is not TLS",
            f"check the port; to start a relay there: securechat server --port {remote.port}",
        )
    if reason in _OLD_TLS:
        return Unreachable(
            f"{remote} does not speak TLS 1.3",
            "python -c 'import ssl; print(ssl.OPENSSL_VERSION)' on both machines shows which is old",
        )
    if isinstance(error, ssl.SSLEOFError):
        return Unreachable(f"{remote} closed the connection in the middle", _look_at(remote))
    words = reason.lower().replace("_", " ")
    return Unreachable(f"TLS with {remote} failed ({words})", _look_at(remote))


def _untrusted(error: ssl.SSLCertVerificationError, remote: Endpoint) -> SecureChatError:
    code = error.verify_code
    if code in (_EXPIRED, _NOT_YET_VALID):
        when = "has expired" if code == _EXPIRED else "is not valid yet; check both clocks"
        return CertificateExpired(f"The certificate of {remote} {when}", _RENEW)
    if code in (_WRONG_NAME, _WRONG_ADDRESS):
        return Untrusted(
            f"The certificate of {remote} is not made out to {remote.host}",
            f"on the relay's machine: securechat gen-certs --force --host {remote.host}",
        )
    cause = error.verify_message.rstrip(".")
    return Untrusted(f"The certificate of {remote} is not signed by the CA file ({cause})", _COPY_CA)


def _look_at(remote: Endpoint) -> str:
    return f"is it a relay? on its machine: securechat server --port {remote.port}"
