"""TLS key updates, which OpenSSL makes and Python's ssl cannot ask for."""

import _ssl
import ctypes

from securechat.transport.tls_session import TlsSession

KEY_UPDATE_BYTES = 27


def update_keys(session: TlsSession, count: int, wants_answer: bool) -> None:
    """Let OpenSSL update its sending key `count` times."""
    library = ctypes.CDLL(_ssl.__file__)
    after_object_head_and_socket = object.__basicsize__ + ctypes.sizeof(ctypes.c_void_p)
    inner = id(session._engine._sslobj)  # type: ignore[attr-defined]
    handle = ctypes.c_void_p.from_address(inner + after_object_head_and_socket)
    library.SSL_get_version.restype = ctypes.c_char_p
    assert library.SSL_get_version(handle) == b"TLSv1.3"
    for _ in range(count):
        assert library.SSL_key_update(handle, int(wants_answer)) == 1
        assert library.SSL_do_handshake(handle) == 1
