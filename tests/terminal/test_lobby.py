"""Three people in one place: the session of a nickname chat, on terminals and through pipes."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.processes import Client, Relay, chatting, relaying, running
from tests.terminal.seat import CTRL_C, CTRL_D, Terminal, sitting_at


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@contextmanager
def serving(directory: Path) -> Iterator[tuple[Terminal, tuple[str, ...]]]:
    """Run a relay on a terminal; provide it, and what a client has to say to find it."""
    directory.mkdir()
    (directory / "config.toml").write_text("[server]\nport = 0\n")
    with sitting_at("server", home=directory) as server:
        server.see("Ctrl-C stops the relay.")
        address = re.search(r"127\.0\.0\.1:\d+", server.text)
        assert address
        ca = next(directory.rglob("ca.pem"))
        yield server, ("--server", address[0], "--ca", str(ca))


def sit_down(stack: ExitStack, name: str, flags: tuple[str, ...], directory: Path) -> Terminal:
    """Start a client that was never used: it asks who one is, and opens the lobby."""
    seat = stack.enter_context(sitting_at("client", *flags, home=directory / name))
    seat.see("Enter your nickname [pat]:")
    seat.enter(name)
    seat.see(f"You are {name} on 127.0.0.1:")
    seat.see("Messages are end-to-end encrypted.")
    seat.see("Type a message to #lobby, or /help.")
    seat.see("[SERVER] You are in #lobby, an open room: whoever the relay admits can read here.")
    seat.see_last("#lobby >")
    return seat


def notices(seat: Terminal, name: str) -> list[str]:
    """Return what was said of somebody's coming and going."""
    return re.findall(rf"\[SERVER\] {name} (joined|left) the chat!", seat.text)


def test_the_second_terminal_of_one_person_asks_for_another_name(tmp_path: Path) -> None:
    with serving(tmp_path / "relay") as (_, flags), ExitStack() as stack:
        sit_down(stack, "Alice", flags, tmp_path)
        second = stack.enter_context(sitting_at("client", *flags, home=tmp_path / "Alice"))
        second.see("Alice is open in another securechat command.")
        second.see_last("Enter your nickname [pat]:")
        second.enter("Carol Smith")
        second.see("Error: A name has only letters, digits and the signs")
        second.see_last("Enter your nickname [pat]:")
        second.enter("Carol")
        second.see("You are Carol on 127.0.0.1:")


def test_the_session_of_the_nickname_chat(tmp_path: Path) -> None:
    with serving(tmp_path / "relay") as (server, flags), ExitStack() as stack:
        alice = sit_down(stack, "Alice", flags, tmp_path)
        bob = sit_down(stack, "Bob", flags, tmp_path)
        alice.see("[SERVER] Bob joined the chat!")
        carol = sit_down(stack, "Carol", flags, tmp_path)
        for seat in (alice, bob):
            seat.see("[SERVER] Carol joined the chat!")
        for name in ("Alice", "Bob", "Carol"):
            server.see(f"[SERVER] Nickname of client is {name}")
            server.see(f"[SERVER] {name} joined the chat!")

        alice.enter("Hello, everybody!")
        for seat in (bob, carol):
            seat.see("[#lobby] Alice (new): Hello, everybody!")
        bob.enter("Hi Alice!")
        for seat in (alice, carol):
            seat.see("[#lobby] Bob (new): Hi Alice!")
        carol.enter("/who")
        carol.see("In #lobby: Alice (new), Bob (new), Carol (you).")
        carol.enter("/help")
        carol.see("You can type")
        carol.see("/quit: leave (or Ctrl-D)")

        alice.enter("/msg Bob Only you can read this.")
        bob.see("Alice: Only you can read this.")
        alice.see_last("You are writing to Bob now.", "Bob (new) >")
        alice.enter("/msg #lobby Back with you all.")
        for seat in (bob, carol):
            seat.see("[#lobby] Alice: Back with you all.")

        bob.enter("/quit")
        assert bob.finish() == 0
        for seat in (alice, carol):
            seat.see("[SERVER] Bob left the chat!")
        server.see("[SERVER] Bob left the chat!")
        carol.enter("Only two of us are left.")
        alice.see("[#lobby] Carol (new): Only two of us are left.")
        assert notices(alice, "Bob") == notices(server, "Bob") == ["joined", "left"]
        assert notices(carol, "Bob") == ["left"]
        assert "Only you can read this." not in carol.text

        carol.press(CTRL_D)
        assert carol.finish() == 0
        alice.see("[SERVER] Carol left the chat!")
        alice.enter("/quit")
        assert alice.finish() == 0
        server.press(CTRL_C)
        assert server.finish() == 0


def test_a_closed_room_on_terminals(relay: Relay, tmp_path: Path) -> None:
    with ExitStack() as stack:
        dora, emil, faye = (
            sit_down(stack, name, relay.flags, tmp_path) for name in ("Dora", "Emil", "Faye")
        )
        dora.enter("/create #ops")
        dora.see("[SERVER] You have made #ops, a closed room.")
        dora.see_last("#ops >")
        dora.enter("/invite Emil")
        dora.see("[SERVER] #ops: Dora (you) invited Emil.")
        emil.see("[SERVER] Dora (new) invites you to #ops, a closed room of 2 people.")
        emil.enter("/join #ops")
        emil.see_last("#ops >")
        dora.see("[SERVER] #ops: Emil joined.")
        dora.enter("for us two")
        emil.see("[#ops] Dora (new): for us two")
        emil.enter("/me nods")
        dora.see("[#ops] * Emil nods")
        emil.enter("/reply Dora me too")
        dora.see('[#ops] Emil (answers Dora "for us two"): me too')
        emil.enter("/leave")
        dora.see("[SERVER] #ops: Emil left.")
        emil.see_last("[SERVER] You left #ops.", "You are writing to #lobby now.", "#lobby >")
        dora.enter("to myself")
        dora.enter("/msg #lobby to all")
        for seat in (emil, faye):
            seat.see("[#lobby] Dora")
            seat.see("to all")
        assert "to myself" not in emil.text
        assert "#ops" not in faye.text


def presence(client: Client, name: str) -> list[bool]:
    """Return how somebody was said to come to the lobby and leave it."""
    return [
        event["online"]
        for event in client.unread
        if event["event"] == "presence" and (event["name"], event.get("room")) == (name, "#lobby")
    ]


def test_the_same_through_pipes(relay: Relay, tmp_path: Path) -> None:
    with ExitStack() as stack:

        def connect(name: str) -> Client:
            flags = ("--name", name, *relay.flags)
            client = stack.enter_context(chatting(tmp_path / name, *flags))
            client.expect("room", room="#lobby", change="entered")
            return client

        gus = connect("gus")
        plain = ("client", "--plain", "--name", "hal", *relay.flags)
        hal = stack.enter_context(running(*plain, home=tmp_path / "hal"))
        hal.read_until("[SERVER] You are in #lobby")
        gus.expect("presence", name="hal", room="#lobby", online=True)
        ivy = connect("ivy")
        hal.read_until("[SERVER] ivy joined the chat!")

        gus.types("Hello, everybody!")
        heard = ivy.expect("message", room="#lobby", text="Hello, everybody!")
        assert heard["from"] == "gus"
        hal.read_until("[#lobby] gus (new): Hello, everybody!")
        hal.types("hi gus", "/who")
        for client in (gus, ivy):
            heard = client.expect("message", room="#lobby", text="hi gus")
            assert (heard["from"], heard["e2e"]) == ("hal", True)
        hal.read_until("In #lobby: gus (new), hal (you), ivy.")
        hal.types("/help")
        hal.read_until("/quit: leave (or Ctrl-D)")

        gus.types("/create #ops", "/invite hal", "/msg hal only you")
        hal.read_until("[SERVER] gus (new) invites you to #ops, a closed room of 2 people.")
        hal.read_until("gus: only you")
        hal.types("/join #ops", "I am in")
        assert gus.expect("message", room="#ops", text="I am in")["from"] == "hal"

        hal.types("/quit")
        assert (hal.finish(), hal.stderr) == (0, "")
        gus.types("/msg #lobby bye")
        ivy.expect("message", text="bye")
        for client in (gus, ivy):
            client.ends_typing()
            assert client.finish() == 0
            client.read_rest()
        assert presence(gus, "hal") == [False]
        assert presence(ivy, "hal") == [False]
        assert not [each for each in ivy.unread if each["event"] == "invitation"]
