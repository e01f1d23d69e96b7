"""The demo's two scenes: a scripted conversation, and one in which the user is Bob."""

import sys
from contextlib import suppress

from securechat.cli.demonstration import wording
from securechat.cli.demonstration.page import Page
from securechat.cli.demonstration.partner import Partner
from securechat.cli.demonstration.seat import AGAIN, Seat
from securechat.cli.demonstration.stage import open_stage
from securechat.cli.demonstration.verdict import conclude, tell_what_to_type
from securechat.cli.demonstration.witness import Sighting, Witness
from securechat.client.commands import Verify
from securechat.client.events import Accepted, Message, PeerReady, Ready, SafetyNumber
from securechat.errors import KeyChanged, SecureChatError, StillQueued
from securechat.faces.line.run import run_lines

ALICE, BOB = "Alice", "Bob"

SCRIPT = (
    (ALICE, "Hi Bob! Can the people who run the relay read this?"),
    (BOB, "No. It leaves my device sealed, and only yours can open it."),
    (ALICE, "Grüße, γειά σου and 你好 as well?"),
    (BOB, "All of it, and padded: the size says next to nothing."),
    (ALICE, "Then here is the secret: the cake is at noon."),
)
"""Who says what."""


def play_script(page: Page) -> None:
    """Show a conversation and what the relay saw of it; raises whatever goes wrong."""
    wording.introduce(page)
    with open_stage() as stage:
        wording.tell_relay(page, stage.address, stage.relay_id)
        alice, bob = stage.seat(ALICE, BOB), stage.seat(BOB, ALICE)
        _exchange_keys(page, alice, bob)
        _compare_safety_numbers(page, alice, bob)
        _converse(page, alice, bob, stage.witness)
    conclude(page, stage.witness, [text for _, text in SCRIPT])
    tell_what_to_type(page, offer_seat=True)


def take_seat(page: Page) -> None:
    """Let the user be Bob, on a terminal or through pipes; then show what the relay saw."""
    wording.introduce_seat(page)
    with open_stage() as stage:
        alice, bob = stage.seat(ALICE, BOB), stage.seat(BOB, ALICE)
        alice.client.subscribe(Partner(alice.client, BOB).hear)
        alice.start()
        alice.expect(Ready)
        with suppress(StillQueued):  # its advice is for a home that outlives the chat
            run_lines(bob.lend(), peer=ALICE, stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr)
    messages = _messages_in_order(stage.witness, alice, bob)
    table = wording.begin_conversation(page)
    for message, sighting in messages:
        wording.show_message(page, table, message.text, sighting)
    conclude(page, stage.witness, [message.text for message, _ in messages])
    tell_what_to_type(page, offer_seat=False)


def _exchange_keys(page: Page, alice: Seat, bob: Seat) -> None:
    alice.start()
    bob.start()
    wording.tell_keys(
        page,
        of_alice=bob.expect(PeerReady).fingerprint,
        of_bob=alice.expect(PeerReady).fingerprint,
    )


def _compare_safety_numbers(page: Page, alice: Seat, bob: Seat) -> None:
    numbers = []
    for seat in (alice, bob):
        seat.client.ask(Verify(seat.peer))
        numbers.append(seat.expect(SafetyNumber).digits)
    if numbers[0] != numbers[1]:
        raise KeyChanged(f"The safety numbers differ: {' and '.join(numbers)}", AGAIN)
    wording.tell_safety_numbers(page, *numbers)


def _converse(page: Page, alice: Seat, bob: Seat, witness: Witness) -> None:
    table = wording.begin_conversation(page)
    for name, text in SCRIPT:
        speaker, listener = (alice, bob) if name == alice.name else (bob, alice)
        message_id = speaker.client.send(speaker.peer, text)
        speaker.expect(Accepted)
        message = listener.expect(Message)
        if (message.message_id, message.text) != (message_id, text):
            what = f"{listener.name} was told something else: {message.text!r}"
            raise SecureChatError(what, AGAIN)
        wording.show_message(page, table, text, witness.find(speaker.carriers[message_id]))
        page.rest()


def _messages_in_order(witness: Witness, *seats: Seat) -> list[tuple[Message, Sighting]]:
    """Return what was heard at these seats beside its envelopes, in the relay's order."""
    heard = {message.message_id: message for seat in seats for message in seat.heard}
    carried = {
        envelope_id: heard[message_id]
        for seat in seats
        for message_id, envelope_id in seat.carriers.items()
        if message_id in heard
    }
    return [
        (carried[sighting.envelope_id], sighting)
        for sighting in witness.sightings
        if sighting.envelope_id in carried
    ]
