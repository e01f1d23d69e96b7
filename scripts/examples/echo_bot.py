"""A bot that sends every message back to its writer; of a room, those that mention the bot.

    python scripts/examples/echo_bot.py --name echo --server 127.0.0.1:5555

It knows whom it has accepted, for example by `securechat send alice --name echo -m hello` while it
does not run; strangers are answered, and so accepted, with --accept-strangers. It comes to each
room that one of them invites it to. What is an answer
itself is not echoed: two such bots would never end.

Ctrl-C and SIGTERM let it finish what it is at. Whoever kills it instead loses nothing: a message
that it had not answered yet comes again at its next start. Its exit status is that of the
securechat commands.
"""

import argparse
import signal
import sys

import securechat
from securechat.client.events import Invitation, Message, Problem, Ready
from securechat.errors import SecureChatError
from securechat.text import safe_text

STOP_S = 2.0


def main() -> int:
    """Run the bot until it is told to stop; return the exit status."""
    options = _parse()
    try:
        with securechat.Client(
            options.name, options.server, home=options.home, ca=options.ca, pin=options.pin
        ) as chat:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: chat.stop(STOP_S))
            _echo(chat, accept_strangers=options.accept_strangers)
    except SecureChatError as error:
        _complain(error)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return 0


def _echo(chat: securechat.Client, *, accept_strangers: bool) -> None:
    for event in chat.events():
        match event:
            case Ready():
                print(f"{event.name} is on {event.relay}", flush=True)
            case Message(request=True) if not accept_strangers:
                print(f"{event.sender} asks to talk: passed over", flush=True)
            case Message(reply=None) if event.room is None or event.mention:
                chat.send(event.room or event.sender, event.text, reply_to=event.message_id)
            case Invitation() if accept_strangers or not event.request:
                chat.join(event.room)
            case Problem():
                _complain(event.error)


def _complain(error: SecureChatError) -> None:
    print(f"echo_bot: {safe_text(str(error), multiline=True)}", file=sys.stderr)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Send every message back to its writer.")
    parser.add_argument("--name", default="echo", help="who the bot is [echo]")
    parser.add_argument("--server", metavar="HOST[:PORT]", help="the relay")
    parser.add_argument("--home", metavar="DIR", help="where its profile lives")
    parser.add_argument("--ca", metavar="FILE", help="the server's ca.pem")
    parser.add_argument("--pin", help="the relay's whole pin: sha256:…")
    parser.add_argument("--accept-strangers", action="store_true", help="answer anybody")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
