"""Warnings that stand in every conversation until the user has taken note of them."""

from msgspec import Struct

from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key
from securechat.faces.screen.drawing.spans import Line, Look, span


class _Alarm(Struct):
    name: str
    lines: tuple[str, str, str]
    noted: bool = False


class Alarms:
    """What is wrong with the keys of people, the newest first.

    One that the user has taken note of is a single line in the conversation that it is about,
    until the trust word of that person has changed. ``key`` is what takes note.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._alarms: list[_Alarm] = []

    def hear(self, event: e.Event) -> bool:
        """Take an event; return whether there is another alarm, or one less."""
        match event:
            case e.PeerKeyChanged(accepted=False):
                self._raise(event.name, _key_changed(event), "compares")
            case e.ComparingEnded(alarm=True):
                self._raise(event.name, _does_not_match(event.name), "compares the digits")
            case e.TrustChanged():
                self._alarms = [each for each in self._alarms if not _is_of(each, event.name)]
            case e.Renamed():
                for alarm in self._alarms:
                    if _is_of(alarm, event.before):
                        alarm.name = event.name
            case _:
                return False
        return True

    def note(self) -> None:
        """Take note of the newest alarm."""
        for alarm in self._alarms:
            if not alarm.noted:
                alarm.noted = True
                return

    def lines(self, current: str | None) -> list[Line]:
        """Return what stands above the input: three lines of the newest, then one of those noted.

        Each is to be drawn over the whole width.
        """
        new = [alarm for alarm in self._alarms if not alarm.noted]
        lines: list[Line] = [(span(text, Look.ALERT),) for text in new[0].lines] if new else []
        if len(new) > 1:
            lines[0] = (span(f"{new[0].lines[0]} (1 of {len(new)} warnings)", Look.ALERT),)
        noted = (alarm for alarm in self._alarms if alarm.noted and current is not None)
        lines += [
            (span(alarm.lines[0], Look.ALERT),) for alarm in noted if _is_of(alarm, current or "")
        ]
        return lines

    def _raise(self, name: str, what: tuple[str, str], compares: str) -> None:
        next_step = f"/verify {name} {compares}, {self._key} takes note."
        self._alarms = [each for each in self._alarms if each.lines[0] != what[0]]
        self._alarms.insert(0, _Alarm(name, (*what, next_step)))


def _is_of(alarm: _Alarm, name: str) -> bool:
    return conversation_key(alarm.name) == conversation_key(name)


def _key_changed(event: e.PeerKeyChanged) -> tuple[str, str]:
    was = " (verified)" if event.verified else ""
    return (
        f"[WARNING] THE KEY OF {event.name} HAS CHANGED: nothing is sent to {event.name}",
        f"Known{was}: {event.pinned}   Shown: {event.shown}",
    )


def _does_not_match(name: str) -> tuple[str, str]:
    return (
        f"[WARNING] WHAT YOU AND {name} SEE DOES NOT MATCH",
        "Somebody may be in between. Nothing has changed.",
    )
