"""Alice, when a person has Bob's seat: she answers whatever she is told."""

from itertools import cycle

from securechat.client.events import Event, Message, PeerReady
from securechat.faces.session.engine import ChatEngine
from securechat.text import clip, safe_text

QUOTED_COLUMNS = 60

GREETING = "Hello! I am Alice, a few lines of script. Write me something."
ANSWERS = (
    'I read "{text}". The relay could not: it has no key.',
    'You say "{text}". Please go on!',
    'Thank you for "{text}". When you /quit, you see what the relay saw of it.',
)


class Partner:
    """Answers for one engine: a listener of it that greets somebody once and replies to them."""

    def __init__(self, engine: ChatEngine, guest: str) -> None:
        self._engine = engine
        self._guest = guest
        self._answers = cycle(ANSWERS)

    def hear(self, event: Event) -> None:
        """Answer what can be answered."""
        match event:
            case PeerReady():
                self._engine.send(self._guest, GREETING)
            case Message(text=text):
                quoted = clip(safe_text(text), QUOTED_COLUMNS)
                self._engine.send(self._guest, next(self._answers).format(text=quoted))
