"""No line of ours can be written by a person, and each of theirs is seen to be theirs."""

import re

from hypothesis import given
from hypothesis import strategies as st

from securechat.client import events as e
from securechat.client.commands import Level
from securechat.errors import NameInvalid, SecureChatError
from securechat.faces.entries import Entry, lay_out
from securechat.faces.wording import messages as message_wording
from securechat.faces.wording import notices
from securechat.faces.wording import pairing as pairing_wording
from securechat.faces.wording import rooms as room_wording
from securechat.identity.names import parse_name
from tests.pure.faces.desk import NOW
from tests.pure.faces.sample_events import FINGERPRINT, message, peer_ready

TWO_FLAGS = ((False, False), (False, True), (True, False), (True, True))
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", fullmatch=True)
MESSAGE = re.compile(
    r"(?:\[#\S+\] )?(?:(?P<writer>\S+)(?: \([^)]*\))?: |\* (?P<actor>\S+)(?: \([^)]*\))? )"
)
NEWS = st.builds(
    e.RoomNews,
    st.just("#ops"),
    st.sampled_from(e.RoomChange),
    NAMES | st.none(),
    NAMES | st.none(),
    st.text(),
)


def entries_of_ours(name: str, text: str) -> list[Entry]:
    """Return every entry that is not a message, with such a name and such a text in it."""
    return [
        *(
            notices.ready(e.Ready(name, "127.0.0.1:5555", FINGERPRINT, again))
            for again in (False, True)
        ),
        *map(notices.what_to_do, (None, name)),
        notices.offline(e.Offline(text, 1.0)),
        *(notices.waiting(e.Waiting(name, known)) for known in (False, True)),
        *(notices.peer_ready(peer_ready(name, first_use=first)) for first in (False, True)),
        notices.peer_ready(peer_ready(name, e.Trust.VERIFIED)),
        notices.talking_to(name),
        message_wording.missing(message(text, name, missing=2)),
        *(notices.presence(e.PresenceChanged(name, online)) for online in (False, True)),
        *(notices.not_here(name, seen) for seen in ("", "15:06")),
        *(notices.away(e.PresenceChanged(name, True, away=away)) for away in (False, True)),
        *(notices.own_presence(e.OwnPresence(here, away)) for here, away in TWO_FLAGS),
        *(notices.notifications(e.Notifications(level, (name, "#ops"))) for level in Level),
        *(
            notices.encryption_changed(e.EncryptionChanged(name, encrypted, once))
            for encrypted, once in ((False, False), (True, False), (True, True))
        ),
        notices.people(e.People((name, name), {name: e.Trust.NEW})),
        notices.contacts(
            e.Contacts((e.KnownPerson(name, name, e.Trust.NEW, FINGERPRINT, True, True),))
        ),
        *(
            notices.safety_number(e.SafetyNumber(name, "0" * 60, trust, FINGERPRINT))
            for trust in e.Trust
        ),
        *(
            notices.key_changed(e.PeerKeyChanged(name, FINGERPRINT, FINGERPRINT, *flags))
            for flags in TWO_FLAGS
        ),
        *(pairing_wording.paired(e.Paired(name, FINGERPRINT), is_current=f) for f in (True, False)),
        *(
            pairing_wording.code_ended(e.CodeEnded(reason, text, again, FINGERPRINT))
            for reason in e.CodeEnd
            for again in (False, True)
        ),
        *(
            notices.trust_changed(e.TrustChanged(name, e.Trust.NEW, FINGERPRINT, reason))
            for reason in e.Reason
        ),
        notices.devices_changed(e.DevicesChanged(name, e.Trust.VERIFIED)),
        notices.device_renewed(),
        *(notices.blocked(e.Blocked(name, blocked)) for blocked in (False, True)),
        notices.renamed(e.Renamed(name, name)),
        *(notices.queued(name, count) for count in (1, 2)),
        notices.handed_over(name),
        notices.problem(SecureChatError(text, text)),
        notices.commands(),
        notices.interrupt_hint(),
        notices.leaving(5.0),
    ]


def seems_written(line: str) -> bool:
    """Return whether a line begins as a message of a person does."""
    begin = MESSAGE.match(line)
    if begin is None:
        return False
    try:
        parse_name(begin["writer"] or begin["actor"])
    except NameInvalid:
        return False
    return True


@given(NAMES, st.text() | st.builds("{}\n{}: {}".format, NAMES, NAMES, st.text()))
def test_no_line_of_ours_can_be_written_by_a_person(name: str, text: str) -> None:
    for width in (None, 40):
        for entry in entries_of_ours(name, text):
            assert not any(map(seems_written, lay_out(entry, width).split("\n")))


@given(NEWS, NAMES, st.booleans(), st.sampled_from(e.Trust))
def test_no_line_about_a_room_can_be_written_by_a_person(
    news: e.RoomNews, name: str, flag: bool, trust: e.Trust
) -> None:
    info = e.RoomInfo("#ops", news.text, name, 3, flag, flag, flag, flag)
    entries = [
        room_wording.open_room(),
        room_wording.news(news, name),
        room_wording.invitation(e.Invitation("#ops", name, "bob", 3, news.text, trust, flag)),
        room_wording.rooms(e.RoomList((info,)), lambda _: int(flag)),
        room_wording.rooms(e.RoomList(()), lambda _: 0),
        room_wording.room_people(
            e.RoomPeople("#ops", (e.RoomPerson(name, trust, flag, flag),)), name
        ),
    ]
    for width in (None, 40):
        for entry in entries:
            assert not any(map(seems_written, lay_out(entry, width).split("\n")))


@given(NAMES, st.booleans(), st.booleans(), st.booleans(), st.sampled_from([None, "#ops"]))
def test_every_message_seems_written_by_a_person(
    name: str, request: bool, e2e: bool, action: bool, room: str | None
) -> None:
    told = message(sender=name, request=request, e2e=e2e, action=action, room=room)
    assert seems_written(message_wording.message(told, NOW, trust_is_known=True).text)
