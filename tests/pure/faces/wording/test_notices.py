"""What a chat says by itself, in its own words."""

import pytest

from securechat.client import events as e
from securechat.client.command_help import HELP, HELP_GROUPS
from securechat.errors import LimitExceeded, SecureChatError
from securechat.faces.entries import Entry, Tone
from securechat.faces.wording import messages as message_wording
from securechat.faces.wording import notices
from tests.pure.faces.sample_events import FINGERPRINT, message, peer_ready, ready


def test_the_log_in_says_who_where_and_how_safe() -> None:
    assert notices.ready(ready()).text == (
        f"You are alice on 127.0.0.1:5555 (relay {FINGERPRINT}). Messages are end-to-end encrypted."
    )
    assert notices.ready(ready(again=True)).text == "Connected to 127.0.0.1:5555 again."


def test_presence_is_told_as_in_the_documents() -> None:
    joined, left = e.PresenceChanged("Bob", True), e.PresenceChanged("Bob", False)
    assert notices.presence(joined) == Entry("[SERVER] Bob joined the chat!", Tone.SERVER)
    assert notices.presence(left) == Entry("[SERVER] Bob left the chat!", Tone.SERVER)


def test_what_the_relay_can_read_is_said_so() -> None:
    plain = notices.encryption_changed(e.EncryptionChanged("bob", encrypted=False, once=False))
    assert plain.tone is Tone.ALERT
    assert "the relay can read" in plain.text
    for once in (False, True):
        stays = notices.encryption_changed(e.EncryptionChanged("bob", encrypted=True, once=once))
        assert "stay end-to-end encrypted" in stays.text
    assert "unless both" in notices.ready(e.Ready("alice", "r", FINGERPRINT, False, False)).text


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
