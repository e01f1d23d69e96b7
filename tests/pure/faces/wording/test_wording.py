"""The sentences."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from securechat.client import events as e
from securechat.client.command_help import HELP, HELP_GROUPS
from securechat.client.commands import Level
from securechat.errors import LimitExceeded, NameInvalid, SecureChatError
from securechat.faces.entries import Entry, Tone, lay_out
from securechat.faces.wording import messages as message_wording
from securechat.faces.wording import notices
from securechat.faces.wording import pairing as pairing_wording
from securechat.faces.wording import rooms as room_wording
from securechat.identity.names import parse_name
from tests.pure.faces.sample_events import FINGERPRINT, NOON_MS, message, past, peer_ready, ready

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)


def text_of(event: e.Message, now: datetime = NOW) -> str:
    return message_wording.message(event, now, trust_is_known=True).text


def test_the_log_in_says_who_where_and_how_safe() -> None:
    assert notices.ready(ready()).text == (
        f"You are alice on 127.0.0.1:5555 (relay {FINGERPRINT}). Messages are end-to-end encrypted."
    )
    assert notices.ready(ready(again=True)).text == "Connected to 127.0.0.1:5555 again."


def test_presence_is_told_as_in_the_documents() -> None:
    joined, left = e.PresenceChanged("Bob", True), e.PresenceChanged("Bob", False)
    assert notices.presence(joined) == Entry("[SERVER] Bob joined the chat!", Tone.SERVER)
    assert notices.presence(left) == Entry("[SERVER] Bob left the chat!", Tone.SERVER)


def test_a_message_is_a_name_and_a_text() -> None:
    expected = Entry("bob (new): hello", Tone.MESSAGE, body="hello")
    assert message_wording.message(message(), NOW) == expected
    assert text_of(message()) == text_of(message(trust=e.Trust.VERIFIED)) == "bob: hello"


def test_what_the_relay_can_read_is_said_so() -> None:
    plain = notices.encryption_changed(e.EncryptionChanged("bob", encrypted=False, once=False))
    assert plain.tone is Tone.ALERT
    assert "the relay can read" in plain.text
    for once in (False, True):
        stays = notices.encryption_changed(e.EncryptionChanged("bob", encrypted=True, once=once))
        assert "stay end-to-end encrypted" in stays.text
    assert "unless both" in notices.ready(e.Ready("alice", "r", FINGERPRINT, False, False)).text


def test_a_stranger_asks_to_talk() -> None:
    assert text_of(message(request=True)) == "bob (new, asks to talk): hello"


def test_what_is_wrong_with_a_message_stands_before_it() -> None:
    assert text_of(message(trust=e.Trust.CHANGED)) == "bob (CHANGED): hello"
    late = "bob (late: sent before what was shown above): hello"
    assert text_of(message(late=True)) == late
    assert text_of(message(e2e=False)) == "bob (TLS only: the relay can read this): hello"


@pytest.mark.parametrize(
    ("now", "when"),
    [
        (NOW + timedelta(minutes=4), ""),
        (NOW - timedelta(minutes=4), ""),
        (NOW + timedelta(minutes=6), " (15:06)"),
        (NOW - timedelta(minutes=6), " (15:06)"),
        (NOW + timedelta(days=1), " (2025-06-15 15:06)"),
        ((NOW + timedelta(hours=1)).astimezone(timezone(timedelta(hours=2))), " (17:06)"),
    ],
)
def test_the_time_is_said_when_it_is_not_now(now: datetime, when: str) -> None:
    assert text_of(message(), now) == f"bob{when}: hello"


def test_messages_of_the_history_say_when_and_how_far() -> None:
    later = NOW + timedelta(hours=1)
    own = past("out", state=e.DeliveryState.READ)
    assert message_wording.past_message(own, later).text == "alice to bob (15:06, read): out"
    of_bob = past("in")
    assert message_wording.past_message(of_bob, later + timedelta(days=1)).text == (
        "bob (2025-06-15 15:06, 2 missing before it, late): in"
    )
    plain = replace(of_bob, e2e=False, missing=0, late=False)
    assert message_wording.past_message(plain, NOW).text == (
        "bob (15:06, TLS only: the relay could read this): in"
    )


def test_the_titles_of_histories() -> None:
    def title(count: int, name: str | None = "bob") -> str:
        return message_wording.history(e.History(name, (past(),) * count)).text

    assert title(0) == "No messages with bob are kept here."
    assert title(1) == "The last message with bob:"
    assert title(2) == "The last 2 messages with bob:"
    assert title(2, None) == "The last 2 messages:"

    def found(count: int, *, more: bool = False) -> str:
        return message_wording.search_result(e.SearchResult((past(),) * count, more)).text

    assert found(0) == "Nothing was found."
    assert found(1) == "Found 1 message:"
    assert found(2) == "Found 2 messages:"
    assert "before:DATE" in found(2, more=True)


@pytest.mark.parametrize(
    ("days", "kept"),
    [
        (None, "kept for ever"),
        (0, "not kept"),
        (1, "kept for 1 day"),
        (1000, "kept for 1,000 days"),
    ],
)
def test_how_long_messages_are_kept(days: int | None, kept: str) -> None:
    text = message_wording.retention(e.Retention("bob", days)).text
    assert text.startswith(f"Messages with bob are {kept} here.")


@given(st.integers(-(2**70), 2**70))
def test_any_time_a_peer_claims_can_be_said(time_ms: int) -> None:
    assert text_of(message(time_ms=time_ms)).endswith(": hello")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (peer_ready(first_use=True), "bob is new"),
        (peer_ready(), "bob is new, not verified yet"),
        (peer_ready(trust=e.Trust.VERIFIED), "bob is verified"),
    ],
)
def test_a_person_comes_with_a_trust_word_and_a_key(event: e.PeerReady, words: str) -> None:
    assert words in notices.peer_ready(event).text
    assert FINGERPRINT in notices.peer_ready(event).text


def test_a_changed_key_is_loud() -> None:
    entry = notices.key_changed(e.PeerKeyChanged("bob", "aaaa", "bbbb"))
    assert entry.tone is Tone.ALERT
    assert "[WARNING] THE KEY OF bob HAS CHANGED" in entry.text
    assert "Known: aaaa\nShown: bbbb\n" in entry.text
    assert "whether they have begun anew without a backup, then: /accept-key bob" in entry.text


def test_a_changed_key_of_somebody_verified_has_to_be_compared_again() -> None:
    text = notices.key_changed(e.PeerKeyChanged("bob", "aaaa", "bbbb", verified=True)).text
    assert "Known (verified): aaaa" in text
    assert "/verify bob, compare the digits, and /trust bob" in text
    assert "/accept-key" not in text


@pytest.mark.parametrize(
    ("trust", "reason", "words"),
    [
        (e.Trust.VERIFIED, e.Reason.COMPARED, "bob is verified now (key "),
        (e.Trust.NEW, e.Reason.ACCEPTED, "bob is new, with another key ("),
        (e.Trust.VERIFIED, e.Reason.RESTORED, "bob is verified again: the relay shows the key "),
        (e.Trust.VERIFIED, e.Reason.PAIRED, "bob is verified now (key "),
    ],
)
def test_another_trust_word_says_why(trust: e.Trust, reason: e.Reason, words: str) -> None:
    text = notices.trust_changed(e.TrustChanged("bob", trust, FINGERPRINT, reason)).text
    assert text.startswith(words)
    assert FINGERPRINT in text


def test_a_key_that_was_taken_by_itself_is_loud() -> None:
    entry = notices.key_changed(e.PeerKeyChanged("bob", "aaaa", "bbbb", accepted=True))
    assert entry.tone is Tone.ALERT
    assert "[WARNING] THE KEY OF bob HAS CHANGED, and is taken as you have set it" in entry.text
    assert "Known: aaaa\nShown: bbbb\n" in entry.text
    taken = e.TrustChanged("bob", e.Trust.NEW, FINGERPRINT, e.Reason.ACCEPTED, by_itself=True)
    assert "taken without asking you: /verify bob." in notices.trust_changed(taken).text


def test_a_new_device_keeps_the_trust_word_and_says_whom_to_ask() -> None:
    text = notices.devices_changed(e.DevicesChanged("bob", e.Trust.VERIFIED)).text
    assert "bob (verified) uses a new device now, with the same key." in text
    assert "Ask bob in another way" in text


def test_an_older_copy_says_what_becomes_of_it() -> None:
    text = notices.device_renewed().text
    assert "an older copy of it was put back" in text
    assert "goes on as a new device" in text


def test_the_known_are_listed_with_one_trust_word_each() -> None:
    def known(name: str, relay_name: str, trust: e.Trust, **flags: bool) -> e.KnownPerson:
        flags = {"request": False, "blocked": False, **flags}
        return e.KnownPerson(name, relay_name, trust, FINGERPRINT, **flags)

    people = (
        known("bob", "bob", e.Trust.VERIFIED),
        known("Cleo", "carol", e.Trust.CHANGED),
        known("mallory", "mallory", e.Trust.NEW, request=True, blocked=True),
    )
    assert notices.contacts(e.Contacts(people)).text.split("\n") == [
        "Known here:",
        f"bob (verified), key {FINGERPRINT}",
        f"Cleo (CHANGED, carol on the relay), key {FINGERPRINT}",
        f"mallory (new, a stranger, blocked), key {FINGERPRINT}",
    ]
    assert notices.contacts(e.Contacts(())).text == "Nobody is known here yet."


def test_a_block_says_how_to_undo_it() -> None:
    assert "/unblock bob" in notices.blocked(e.Blocked("bob", blocked=True)).text
    assert "not blocked any more" in notices.blocked(e.Blocked("bob", blocked=False)).text


@pytest.mark.parametrize("digits", ["0123456789" * 6, " ".join(["01234", "56789"] * 6)])
def test_a_safety_number_is_two_rows_of_groups_of_five(digits: str) -> None:
    event = e.SafetyNumber("bob", digits, e.Trust.NEW, FINGERPRINT)
    row = " ".join(["01234", "56789"] * 3)
    first, *rows, last = notices.safety_number(event).text.split("\n")
    assert (first, rows) == ("Safety number with bob (new):", [row, row])
    assert last.startswith("Compare it with what bob sees")
    assert last.endswith("Then: /trust bob. Or both type: /verify NAME emoji")


def test_digits_of_a_new_key_say_so() -> None:
    event = e.SafetyNumber("bob", "0" * 60, e.Trust.CHANGED, FINGERPRINT)
    title = f"Safety number with bob (CHANGED), of the NEW key {FINGERPRINT}:"
    assert notices.safety_number(event).text.split("\n")[0] == title


@pytest.mark.parametrize(("count", "words"), [(1, "1 message waits"), (2, "2 messages wait")])
def test_numbers_agree_with_their_words(count: int, words: str) -> None:
    assert notices.queued("bob", count).text == f"{words} for bob."
    before = message_wording.missing(message(missing=count)).text
    assert before.startswith(f"[Missing] {words.rsplit(' ', 1)[0]} of bob ")


def test_an_outage_says_why_and_what_happens_next() -> None:
    assert notices.offline(e.Offline("timed out.", 1.7)).text == (
        "No connection: timed out. Trying again in 2 s; what you type is kept."
    )
    assert "in 1 s" in notices.offline(e.Offline("refused", 0.2)).text


def test_a_problem_says_what_to_try() -> None:
    error = LimitExceeded("The mailbox is full.", "wait")
    assert notices.problem(error).text == "[Problem] The mailbox is full. Try: wait"
    assert notices.problem(SecureChatError("Bad")).text == "[Problem] Bad."


def test_people_are_listed() -> None:
    event = e.People(("alice", "bob", "carol"), {"bob": e.Trust.NEW, "carol": e.Trust.CHANGED})
    assert notices.people(event).text == "Connected now: alice, bob (new), carol (CHANGED)."
    blocked = e.People(("bob", "eve"), {"bob": e.Trust.NEW}, frozenset({"bob", "eve"}))
    assert notices.people(blocked).text == "Connected now: bob (new, blocked), eve (blocked)."
    assert notices.people(e.People(())).text == "Connected now: nobody."


def test_the_help_has_a_line_for_each_command() -> None:
    lines = notices.commands().text.split("\n")[1:]
    titles = [title for title, _ in HELP_GROUPS]
    assert [line for line in lines if ": " not in line] == titles
    told = [line.partition(": ")[0] for line in lines if line not in titles]
    assert told == [command for command, _ in HELP]


def test_entering_says_what_to_do() -> None:
    assert "/msg NAME text" in notices.what_to_do(None).text
    assert "to bob" in notices.what_to_do("bob").text


# No line of ours can be taken for a message ----------------------------------------------------

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
    assert seems_written(text_of(told))


def test_a_message_in_a_room_that_names_the_reader_stands_out() -> None:
    in_room = message(room="#ops", mention=True, trust=e.Trust.VERIFIED)
    assert message_wording.message(in_room, NOW, trust_is_known=True).tone is Tone.MENTION
    for other in (message(room="#ops"), message(mention=True)):
        assert message_wording.message(other, NOW, trust_is_known=True).tone is Tone.MESSAGE
