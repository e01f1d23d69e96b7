"""Which conversation an event is about: there stands what is said of it."""

from securechat.client import events as e
from securechat.faces.session.conversations import conversation_of


def about(event: e.Event) -> str | None:
    """Return the person or ``#room`` that an event is about; None if it is about none of them.

    What is answered to a command is about none: it belongs where the user has typed that.
    """
    match event:
        case e.Message():
            return conversation_of(event)
        case e.RoomNews() | e.Invitation():
            return event.room
        case e.PresenceChanged() if event.room is not None:
            return event.room
        case (
            e.Waiting()
            | e.PeerReady()
            | e.PresenceChanged()
            | e.EncryptionChanged()
            | e.PeerKeyChanged()
            | e.TrustChanged()
            | e.DevicesChanged()
            | e.Renamed()
            | e.Paired()
            | e.ComparingAsked()
            | e.ComparingShown()
            | e.ComparingAgreed()
            | e.ComparingEnded()
            | e.Withdrawn()
        ):
            return event.name
        case e.Accepted():
            return event.recipient
        case _:
            return None
