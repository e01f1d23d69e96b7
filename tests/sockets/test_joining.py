"""Typing a code at a relay over TLS: what is kept, and what is not when it goes wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from securechat import Client
from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.connection.relays import known_relays, parse_address
from securechat.client.names.contacts import ContactBook
from securechat.client.pairing.joining import Joined, join_with_code
from securechat.client.pairing.pairing_code import PairingCode, parse_code
from securechat.client.profiles.profile import Profile
from securechat.e2e.pairing import Opener
from securechat.errors import (
    CertificateExpired,
    NameTaken,
    PairingFailed,
    RemoteProtocolError,
    TimedOut,
    Unreachable,
)
from securechat.identity.types import Name, RelayId, fingerprint
from securechat.protocol.relay_side import RelaySide
from securechat.transport.connection import Connection
from securechat.transport.endpoint import Endpoint
from securechat.transport.pins import pin_text, relay_id
from securechat.wire import frames as f
from tests import processes
from tests.pure.client.engine_world import make_seat
from tests.pure.client.pairing_world import SLOT, introduction
from tests.sockets.loop_world import DAY, Files, Server, make_files, running_loop

CODE = PairingCode(SLOT, ("otter", "lime", "sofa"))

E = TypeVar("E")

Script = Callable[[f.ClientFrame], list[f.RelayFrame]]


class Maker:
    """Alice, who made the code, and the relay in front of her."""

    def __init__(self, sees: RelayId, password: bytes = CODE.password) -> None:
        self.seat = make_seat("alice")
        self._opener = Opener(SLOT, password, introduction(self.seat, sees))
        self.heard: list[f.ClientFrame] = []

    def __call__(self, frame: f.ClientFrame) -> list[f.RelayFrame]:
        self.heard.append(frame)
        match frame:
            case f.PairJoin():
                return [f.PairPass(SLOT, self._opener.answer(frame.payload))]
            case f.PairPass():
                _, last = self._opener.finish(frame.payload)
                return [f.PairPass(SLOT, last), f.PairEnd(SLOT, "done")]
            case _:
                return []


@contextmanager
def relaying(files: Files, script: Script) -> Iterator[tuple[Endpoint, Server]]:
    """Run a relay that answers each frame of one client as the script says."""
    side = RelaySide(0.0)

    def answer(connection: Connection, data: bytes) -> None:
        for frame in side.receive(data, 0.0):
            for reply in script(frame):
                connection.write(side.send(reply))

    with running_loop() as loop:
        server = Server(loop, files, answer=answer)
        yield Endpoint(server.host, server.port), server


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return make_files(tmp_path / "certs")


@pytest.fixture
def shown(files: Files) -> RelayId:
    return relay_id(files.server().certificate)


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    with Profile(tmp_path / "home", Name("bob"), tuple) as profile:
        yield profile


def known(profile: Profile) -> tuple[list[str], list[str]]:
    """Return the addresses of the relays, and the names of the people, that are kept."""
    rows = profile.state.load()
    relays = known_relays(rows)
    people = [str(who.name) for each in relays for who in ContactBook(each.relay_id, rows)]
    return [relay.address for relay in relays], people


def first(chat: Client, kind: type[E]) -> E:
    """Return the next event of this kind, which must come."""
    for event in chat.events(processes.FAILURE_S):
        if isinstance(event, kind):
            return event
    pytest.fail(f"no {kind.__name__}")


def test_two_people_and_somebody_who_guesses_at_a_real_relay(
    tmp_path: Path, profile: Profile
) -> None:
    with processes.relaying(tmp_path / "relay") as relay:
        address, home = parse_address(relay.address), tmp_path / "ann"
        with Client("ann", relay.address, ca=relay.ca, home=home) as ann:
            ann.ask(c.MakeCode())
            code = parse_code(first(ann, e.CodeReady).code)
            with (
                Profile(tmp_path / "other-ann", Name("ann"), tuple) as other_ann,
                pytest.raises(NameTaken),
            ):
                join_with_code(other_ann, address, code)
            with (
                Profile(tmp_path / "eve", Name("eve"), tuple) as eve,
                pytest.raises(PairingFailed),
            ):
                join_with_code(eve, address, PairingCode(code.slot, code.words[::-1]))
            assert first(ann, e.CodeEnded).reason is e.CodeEnd.WRONG_CODE
            joined = join_with_code(profile, address, parse_code(first(ann, e.CodeReady).code))
            assert first(ann, e.Paired).name == "bob"
            profile.close()
            pin = pin_text(joined.relay_id)
            with Client("bob", relay.address, pin=pin, home=profile.home, peer="ann") as bob:
                bob.send("ann", "hello")
                ann.send("bob", "hello yourself")
                for chat in (ann, bob):
                    message = first(chat, e.Message)
                    assert (message.trust, message.request) == (e.Trust.VERIFIED, False)


def test_the_relay_and_who_made_the_code_are_kept(
    files: Files, shown: RelayId, profile: Profile
) -> None:
    maker = Maker(shown)
    with relaying(files, maker) as (address, _):
        joined = join_with_code(profile, address, CODE)
    key = maker.seat.endpoint.user_key
    assert joined == Joined(shown, e.Paired("alice", fingerprint(key)))
    assert known(profile) == ([str(address)], ["alice"])
    (contact,) = ContactBook(shown, profile.state.load())
    assert contact.user_key == key
    assert (contact.is_pinned, contact.accepted, contact.verified) == (True, True, True)


def test_other_words_leave_nothing(files: Files, shown: RelayId, profile: Profile) -> None:
    maker = Maker(shown, b"other-words-here")
    with relaying(files, maker) as (address, _), pytest.raises(PairingFailed) as caught:
        join_with_code(profile, address, CODE)
    assert caught.value.reason == "wrong-code"
    assert known(profile) == ([], [])


def test_a_relay_in_the_middle_leaves_nothing_and_the_other_side_hears_of_it(
    files: Files, profile: Profile
) -> None:
    """Alice sees her own relay; the one in the middle shows Bob a certificate of its own."""
    maker = Maker(RelayId(b"a" * 32))
    heard: list[type[f.ClientFrame]] = []

    def script(frame: f.ClientFrame) -> list[f.RelayFrame]:
        heard.append(type(frame))
        return maker(frame) if isinstance(frame, f.PairJoin) else []

    with relaying(files, script) as (address, server):
        with pytest.raises(PairingFailed, match="somebody is in between"):
            join_with_code(profile, address, CODE)
        assert server.next().next("closed") is None
    assert heard == [f.PairJoin, f.PairPass, f.PairEnd]
    assert known(profile) == ([], [])


def test_a_refused_name_leaves_nothing(files: Files, profile: Profile) -> None:
    with (
        relaying(files, lambda _: [f.PairEnd(SLOT, "name-taken")]) as (address, _),
        pytest.raises(NameTaken),
    ):
        join_with_code(profile, address, CODE)
    assert known(profile) == ([], [])


def test_a_relay_that_says_nothing(files: Files, profile: Profile) -> None:
    with relaying(files, lambda _: []) as (address, _), pytest.raises(TimedOut):
        join_with_code(profile, address, CODE, timeout_s=0.3)
    assert known(profile) == ([], [])


def test_a_relay_that_goes_in_the_middle(files: Files, profile: Profile) -> None:
    with running_loop() as loop:
        server = Server(loop, files, answer=lambda connection, _: connection.close())
        with pytest.raises(PairingFailed, match="ended in the middle"):
            join_with_code(profile, Endpoint(server.host, server.port), CODE)


def test_an_end_that_comes_together_with_a_message(
    files: Files, shown: RelayId, profile: Profile
) -> None:
    maker = Maker(shown)

    def script(frame: f.ClientFrame) -> list[f.RelayFrame]:
        return [*maker(frame), f.PairEnd(SLOT, "gone")]

    with (
        relaying(files, script) as (address, _),
        pytest.raises(PairingFailed, match="ended in the middle"),
    ):
        join_with_code(profile, address, CODE)
    assert known(profile) == ([], [])


def test_nobody_there(files: Files, profile: Profile) -> None:
    with relaying(files, lambda _: []) as (address, _):
        pass
    with pytest.raises(Unreachable, match="refused"):
        join_with_code(profile, address, CODE)


def test_an_expired_certificate_is_told_before_the_code_is_used_up(
    tmp_path: Path, profile: Profile
) -> None:
    expired = make_files(tmp_path / "expired", age=20 * DAY, lifetime=timedelta(days=10))
    maker = Maker(relay_id(expired.server().certificate))
    with relaying(expired, maker) as (address, _), pytest.raises(CertificateExpired):
        join_with_code(profile, address, CODE)
    assert maker.heard == []


def test_garbage_of_a_relay(files: Files, profile: Profile) -> None:
    def garbage(connection: Connection, _data: bytes) -> None:
        connection.write(b"\x00" * 100)

    with running_loop() as loop:
        server = Server(loop, files, answer=garbage)
        address = Endpoint(server.host, server.port)
        with pytest.raises(RemoteProtocolError):
            join_with_code(profile, address, CODE)
    assert known(profile) == ([], [])
