"""TLS key updates, which Python's ssl cannot send: OpenSSL is asked below it, on CPython only."""

import _ssl
import ctypes

from securechat.transport.connection import Connection

TLS_1_3 = b"TLSv1.3"
KEY_UPDATES = 2600


def update_keys(connection: Connection) -> None:
    """Change the sending key of a connection, and ask the other side to do the same, very often."""
    library = ctypes.CDLL(_ssl.__file__)
    library.SSL_get_version.restype = ctypes.c_char_p
    engine = connection._session._engine
    handle = _handle(engine._sslobj)  # type: ignore[attr-defined]
    if library.SSL_get_version(handle) != TLS_1_3:
        raise RuntimeError("The object of Python's ssl is laid out in another way")
    for _ in range(KEY_UPDATES):
        library.SSL_key_update(handle, 1)
        library.SSL_do_handshake(handle)
    connection._mark_dirty()


def _handle(inner: object) -> ctypes.c_void_p:
    """Return the SSL pointer of an ``_ssl._SSLSocket``: after the object's head and its socket."""
    offset = object.__basicsize__ + ctypes.sizeof(ctypes.c_void_p)
    return ctypes.c_void_p.from_address(id(inner) + offset)
