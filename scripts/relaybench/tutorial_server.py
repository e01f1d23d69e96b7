"""The chat server of the tutorials: a thread for each client, blocking ssl, sendall under a lock.

``python tutorial_server.py CERTIFICATE KEY`` prints one JSON line with its port. A message is a
4-byte length and that many bytes. A client's first message names its room and comes back once it is
in; each later one goes to everybody else in the room. No accounts, no acknowledgements, no limits.
"""

import json
import socket
import ssl
import sys
import threading
from collections import defaultdict
from typing import BinaryIO, cast

rooms: dict[bytes, list[ssl.SSLSocket]] = defaultdict(list)
lock = threading.Lock()


def read_message(reader: BinaryIO) -> bytes:
    """Return the next message with its length, or b"" at the end."""
    head = reader.read(4)
    return head + reader.read(int.from_bytes(head, "big"))


def serve(client: ssl.SSLSocket) -> None:
    """Hand on what a client says, until it goes."""
    with client, client.makefile("rb") as stream:
        reader = cast("BinaryIO", stream)
        room = read_message(reader)
        with lock:
            rooms[room].append(client)
            client.sendall(room)
        try:
            while message := read_message(reader):
                with lock:
                    for member in rooms[room]:
                        if member is not client:
                            member.sendall(message)
        except OSError:
            pass
        finally:
            with lock:
                rooms[room].remove(client)


def main() -> None:
    """Accept clients for ever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(*sys.argv[1:3])
    with socket.create_server(("127.0.0.1", 0), backlog=128) as plain:
        print(json.dumps({"event": "ready", "port": plain.getsockname()[1]}), flush=True)
        with context.wrap_socket(plain, server_side=True) as listener:
            while True:
                client, _ = listener.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main()
