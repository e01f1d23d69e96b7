"""The demo's two scenes: a scripted conversation, and one in which the user is Bob."""

import sys

from securechat.cli.demo import wording
from securechat.cli.demo.page import Page
from securechat.cli.demo.partner import Partner
from securechat.cli.demo.seat import Seat
from securechat.cli.demo.stage import open_stage
from securechat.cli.demo.wording import Conversation
from securechat.cli.demo.witness import Witness
from securechat.client.events import Message, PeerReady, Ready, SafetyNumber, Sent
from securechat.errors import KeyChanged, SecureChatError
from securechat.faces.lines import run_lines

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
    """Show a conversation and what the relay saw of it; raise whatever goes wrong."""
    wording.introduce(page)
    with open_stage() as stage:
        alice, bob = stage.seat(ALICE, BOB), stage.seat(BOB, ALICE)
        wording.tell_relay(page, stage.address, stage.relay_id)
        _exchange_keys(page, alice, bob)
        _compare_safety_numbers(page, alice, bob)
        _converse(page, alice, bob, stage.witness)
    wording.conclude(page, stage.witness, [text for _, text in SCRIPT])
    wording.tell_what_to_type(page)


def take_seat(page: Page) -> None:
    """Let the user be Bob, on this terminal or through pipes; then show what the relay saw."""
    with open_stage() as stage:
        alice, bob = stage.seat(ALICE, BOB), stage.seat(BOB, ALICE)
        alice.engine.subscribe(Partner(alice.engine, BOB).hear)
        alice.start()
        alice.expect(Ready)
        wording.introduce_seat(page, ALICE, BOB)
        run_lines(bob.lend(), peer=ALICE, stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr)
    ...
