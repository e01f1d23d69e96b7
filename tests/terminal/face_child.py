"""A process with a face and a fake engine, steered by the test through two pipes.

Usage: face_child.py FACE EVENTS_FD CALLS_FD QUEUED PEER. FACE is json, lines, or stuck, which is
lines over an engine that never stops. PEER may be #lobby, or empty. Pickled events come in on
EVENTS_FD; each call of the engine goes out on CALLS_FD as a line.
"""

import os
import pickle
import signal
import sys
import threading
from types import FrameType

from securechat.client.names.typed_names import LOBBY
from securechat.errors import SecureChatError
from securechat.faces.json_lines.chat import run_json
from securechat.faces.line.run import run_lines
from securechat.faces.streams import unbuffered
from tests.pure.faces.fake_engine import FakeEngine


def main() -> int:
    face, events_fd, calls_fd, queued, peer = sys.argv[1:]
    engine = FakeEngine(queued=int(queued), never_ends=face == "stuck")
    feed = threading.Thread(target=tell_events, args=(engine, int(events_fd)), daemon=True)

    def report(call: tuple[object, ...]) -> None:
        os.write(int(calls_fd), f"{call!r}\n".encode())
        if call == ("start",):
            feed.start()

    engine.on_call = report
    signal.signal(signal.SIGTERM, leave)
    try:
        run_face(face, engine, peer)
    except SecureChatError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return 0


def run_face(face: str, engine: FakeEngine, where: str) -> None:
    lobby = where == LOBBY
    peer = None if lobby else where or None
    if face == "json":
        stdin, stdout = unbuffered(sys.stdin, "r"), unbuffered(sys.stdout, "w")
        run_json(engine, peer=peer, lobby=lobby, stdin=stdin, stdout=stdout, flush_s=0.5)
        return
    run_lines(
        engine,
        peer=peer,
        lobby=lobby,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        flush_s=600.0 if face == "stuck" else 0.5,
    )


def tell_events(engine: FakeEngine, events_fd: int) -> None:
    with os.fdopen(events_fd, "rb") as events:
        while True:
            try:
                engine.emit(pickle.load(events))
            except EOFError:
                return


def leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
