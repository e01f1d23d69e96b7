"""Two people and a relay, each in a process of its own, with the JSON face."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.processes import Client, Event, Relay, chatting, relaying

FLUSH_S = 10.0
"""How long a client that leaves waits for its messages to be accepted (JSON.md)."""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture(scope="module", autouse=True)
def lonely(
    relay: Relay, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, float]]:
    """A client that leaves with a message to nobody; it takes its time while others are tested."""
    flags = ("--name", "lonely", "--peer", "nobody", *relay.flags)
    with chatting(tmp_path_factory.mktemp("lonely"), *flags) as client:
        client.expect("waiting", name="nobody")
        client.types("is anybody there?")
        client.ends_typing()
        yield client, time.monotonic()


@contextmanager
def talking(relay: Relay, tmp_path: Path, one: str, other: str) -> Iterator[tuple[Client, Client]]:
    """Run two clients that know each other."""
    with ExitStack() as stack:
        pair = [
            stack.enter_context(chatting(tmp_path / me, "--name", me, "--peer", you, *relay.flags))
            for me, you in ((one, other), (other, one))
        ]
        for client in pair:
            client.expect("peer")
        yield pair[0], pair[1]


def texts(events: list[Event]) -> list[str]:
    return [event["text"] for event in events if event["event"] == "message"]


def test_two_people_talk(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "alice", "bob") as (alice, bob):
        assert relay.ready["v"] == 1
        assert relay.ready["host"] == "127.0.0.1"
        assert relay.ready["pid"] == relay.process.pid
        ready = alice.expect("ready")
        assert (ready["v"], ready["name"], ready["relay"]) == (1, "alice", relay.address)
        assert ready["fingerprint"] == relay.ready["fingerprint"]

        started_ms = time.time() * 1000
        for sender, recipient, names in (
            (alice, bob, ("alice", "bob")),
            (bob, alice, ("bob", "alice")),
        ):
            sent = sender.send("grüße \u202e🙂")
            message = recipient.expect("message")
            assert (message["from"], message["to"]) == names
            assert (message["id"], message["text"]) == (sent["id"], "grüße \u202e🙂")
            assert message["e2e"] is True
            assert message["verified"] is False
            assert "request" not in message
            assert "missing" not in message
            assert abs(message["ts"] - started_ms) < 60_000

        for client in (alice, bob):
            client.ends_typing()
            assert client.finish() == 0
            assert client.stderr == ""
            rest = client.read_rest()
            assert all(event["v"] == 1 for event in rest)
            assert texts(rest) == []  # own messages are not echoed


def test_a_message_is_sent_then_accepted_then_delivered(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "ann", "ben") as (ann, ben):
        ann.types("one", "two")
        for text in ("one", "two"):
            assert ben.expect("message")["text"] == text
        ann.expect("presence", name="ben", online=True)
        first = ann.expect("delivered")["id"]
        ann.ends_typing()
        assert ann.finish() == 0
        states = [e["event"] for e in ann.read_rest() if e.get("id") == first]
        assert states == ["sent", "accepted"]


def test_what_was_said_is_changed_reacted_to_and_deleted(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "ida", "otis") as (ida, otis):
        sent = ida.send("tea at fife")
        otis.expect("message", id=sent["id"])
        ida.types("/edit tea at five")
        assert ida.expect("edited", id=sent["id"])["own"] is True
        edited = otis.expect("edited", id=sent["id"])
        assert (edited["from"], edited["text"]) == ("ida", "tea at five")
        otis.types("/react ida \N{TEACUP WITHOUT HANDLE}")
        otis.expect("reaction", own=True)
        reaction = ida.expect("reaction", id=sent["id"])
        assert (reaction["from"], reaction["symbol"]) == ("otis", "\N{TEACUP WITHOUT HANDLE}")
        otis.types("/history")
        (past,) = otis.expect("history")["messages"]
        assert (past["text"], past["edited"]) == ("tea at five", True)
        assert past["reactions"] == [{"from": "otis", "symbol": reaction["symbol"]}]
        ida.types("/delete")
        otis.expect("deleted", id=sent["id"])
        otis.types("/history")
        (past,) = otis.expect("history")["messages"]
        assert (past["text"], past["deleted"], "reactions" in past) == ("", True, False)
        ida.types("/relay otis")
        assert ida.expect("relay-view", name="otis")["sightings"]


def test_the_order_of_200_lines_is_kept(relay: Relay, tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(200)]
    with talking(relay, tmp_path, "anna", "bert") as (anna, bert):
        anna.types(*lines)
        anna.ends_typing()
        assert anna.finish() == 0
        received = [bert.expect("message") for _ in lines]
        assert [message["text"] for message in received] == lines
        events = anna.read_rest()
        for state in ("sent", "accepted"):
            assert [e["id"] for e in events if e["event"] == state] == [m["id"] for m in received]


def test_the_commands_are_answered(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "adam", "beth") as (adam, beth):
        for client in (adam, beth):
            client.types("/verify")
        digits = [client.expect("safety-number")["digits"] for client in (adam, beth)]
        assert digits[0] == digits[1]
        assert len(digits[0].replace(" ", "")) == 60

        adam.types("/who")
        assert {"adam", "beth"} <= set(adam.expect("people")["names"])
        adam.types("/msg BETH by name", "//slash")
        assert beth.expect("message")["text"] == "by name"
        assert beth.expect("message")["text"] == "/slash"

        adam.types("/dance", "", "/msg", "/verify noone", "after")
        assert "/dance" in adam.expect("error", code="usage")["message"]
        assert "/msg" in adam.expect("error", code="usage")["message"]
        assert "noone" in adam.expect("error", code="usage")["message"]
        assert beth.expect("message")["text"] == "after"

        adam.types("/help", "/quit")
        assert adam.expect("help")["commands"]
        assert adam.finish() == 0


def test_a_peer_who_is_not_there_yet_gets_what_waited(relay: Relay, tmp_path: Path) -> None:
    with chatting(tmp_path / "amy", "--name", "amy", "--peer", "Bob2", *relay.flags) as amy:
        amy.expect("waiting", name="Bob2")
        amy.types("first", "second")
        with chatting(tmp_path / "bob2", "--name", "bob2", "--peer", "amy", *relay.flags) as bob:
            assert [bob.expect("message")["text"] for _ in range(2)] == ["first", "second"]
            bob.types("thanks")
            assert amy.expect("message")["text"] == "thanks"
            for _ in range(2):
                amy.expect("delivered")


def test_messages_wait_for_somebody_who_is_away(relay: Relay, tmp_path: Path) -> None:
    bob_flags = ("--name", "bill", "--peer", "abby", *relay.flags)
    with chatting(tmp_path / "abby", "--name", "abby", "--peer", "bill", *relay.flags) as abby:
        with chatting(tmp_path / "bill", *bob_flags) as bill:
            bill.expect("peer")
            abby.expect("presence", name="bill", online=True)
        abby.expect("presence", name="bill", online=False)
        ids = [abby.send(text)["id"] for text in ("one", "two")]
        with chatting(tmp_path / "bill", *bob_flags) as bill:
            messages = [bill.expect("message") for _ in ids]
        assert [message["id"] for message in messages] == ids
        assert texts(bill.read_rest()) == []


def test_a_stranger_asks_and_gets_no_receipt(relay: Relay, tmp_path: Path) -> None:
    """A control, a person who is no stranger, gets one by the same road at the same time."""
    peer = ("--peer", "bea", *relay.flags)
    with ExitStack() as stack:
        friend = stack.enter_context(chatting(tmp_path / "kim", "--name", "kim", *peer))
        bea = stack.enter_context(chatting(tmp_path / "bea", "--name", "bea", *relay.flags))
        stranger = stack.enter_context(chatting(tmp_path / "mal", "--name", "mal", *peer))
        for client in (friend, stranger):
            client.expect("peer", name="bea")
        bea.types("/msg kim hello")
        friend.expect("message", text="hello")
        stranger.types("a word")
        friend.types("an answer")
        assert bea.expect("message", text="a word")["request"] is True
        assert "request" not in bea.expect("message", text="an answer")

        bea.ends_typing()
        assert bea.finish() == 0  # and with it the last receipts
        for client in (friend, stranger):
            client.expect("presence", name="bea", online=False)
            client.ends_typing()
            assert client.finish() == 0
        assert [e for e in stranger.read_rest() if e["event"] == "delivered"] == []
        assert [e for e in friend.read_rest() if e["event"] == "delivered"] != []


def test_a_client_that_was_restarted_goes_on(relay: Relay, tmp_path: Path) -> None:
    """It knows its name, its relay and its sessions, and asks nothing."""
    with talking(relay, tmp_path, "alma", "boris") as (alma, boris):
        alma.send("before")
        boris.send("before too")
        alma.expect("message", text="before too")
        for client in (alma, boris):
            client.expect("delivered")
            client.ends_typing()
            assert client.finish() == 0

    with ExitStack() as stack:
        alma = stack.enter_context(chatting(tmp_path / "alma", "--peer", "boris"))
        boris = stack.enter_context(chatting(tmp_path / "boris", "--peer", "alma"))
        assert alma.expect("ready")["name"] == "alma"
        assert boris.expect("peer")["first_use"] is False
        for sender, recipient in ((alma, boris), (boris, alma)):
            sender.types("after")
            assert "missing" not in recipient.expect("message", text="after")


def test_what_is_still_queued_is_said(lonely: tuple[Client, float]) -> None:
    client, began = lonely
    assert client.finish(max(began + FLUSH_S + 5.0 - time.monotonic(), 1.0)) == 7
    last = client.read_rest()[-1]
    assert (last["event"], last["code"]) == ("error", "still-queued")
    assert "nobody" in last["message"]
    assert "still queued" in client.stderr


def test_two_people_compare_emoji_and_are_verified(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "erin", "frank") as (erin, frank):
        erin.types("/verify frank emoji")
        assert frank.expect("comparing")["own"] is False
        frank.types("/verify erin emoji")
        here, there = (each.expect("comparing-shown") for each in (erin, frank))
        assert here["emoji"] == there["emoji"]
        assert here["decimals"] == there["decimals"]
        erin.types("/match")
        erin.expect("comparing-agreed", name="frank")
        frank.types("/match")
        for client, other in ((erin, "frank"), (frank, "erin")):
            told = client.expect("trust", name=other)
            assert (told["trust"], told["reason"]) == ("verified", "compared")
