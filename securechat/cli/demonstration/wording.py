"""What the demo says: each step in words that need no knowledge of cryptography."""

from datetime import datetime

from securechat.cli.demonstration.page import Page, Table
from securechat.cli.demonstration.witness import Sighting
from securechat.identity.types import RelayId, fingerprint
from securechat.transport.endpoint import Endpoint

_SHOWN_ID_BYTES = 4
_BYTES_TOGETHER = 4


def introduce(page: Page) -> None:
    """Say what is going to happen."""
    page.heading("Alice and Bob chat through a relay that cannot read them.")
    page.paragraph(
        "A real relay and two real clients run in this one process and talk over 127.0.0.1 only. "
        "Their files are in a temporary directory that is removed at the end."
    )


def introduce_seat(page: Page) -> None:
    """Tell the user that they are Bob."""
    page.heading("You are Bob. Alice is a small script; the relay between you is a real one.")
    page.paragraph(
        "All of it runs in this one process, and its files are removed at the end. Write to Alice; "
        "/verify shows the safety number, /quit ends the chat and shows what the relay saw of it."
    )
    page.gap()


def tell_relay(page: Page, address: Endpoint, relay_id: RelayId) -> None:
    """Tell where the relay is."""
    page.heading("Keys")
    page.paragraph(f"The relay listens on {address}, TLS 1.3, key {fingerprint(relay_id)}.")


def tell_keys(page: Page, *, of_alice: str, of_bob: str) -> None:
    """Tell that the keys have been exchanged."""
    page.paragraph(
        "Alice and Bob each made their keys on their own device and gave the relay only the public "
        f"halves. From there Alice has Bob's key {of_bob}, and Bob has Alice's key {of_alice}."
    )
    page.rest()


def tell_safety_numbers(page: Page, of_alice: str, of_bob: str) -> None:
    """Show what each of the two sees."""
    page.heading("Is it the right key?")
    page.paragraph(
        "A dishonest relay could hand out a key of its own. So the two compare their safety "
        "numbers, by phone or in person:"
    )
    Table(page, "Alice sees", "Bob sees").row([of_alice], [of_bob])
    page.paragraph("They match: nobody sits in between.")
    page.rest()


def begin_conversation(page: Page) -> Table:
    """Return the table for what is typed and what the relay sees."""
    page.heading("What is typed, and what the relay gets")
    page.paragraph(
        "Each text is sealed on the sender's device for the recipient's device. The relay gets the "
        "envelope, and no key to it. (What starts a session makes the first ones larger.)"
    )
    page.gap()
    return Table(page, "What is typed", "What the relay sees of it")


def show_message(page: Page, table: Table, text: str, sighting: Sighting) -> None:
    """Show a text beside its envelope as the relay took it."""
    when = datetime.fromtimestamp(sighting.time_ms / 1000).astimezone()
    shown_id = sighting.mailbox[:_SHOWN_ID_BYTES].hex() + page.style.ellipsis
    seen = [
        f"{when:%H:%M:%S}.{sighting.time_ms % 1000:03d}  {len(sighting.envelope):,} bytes",
        f"for mailbox {shown_id} ({sighting.recipient}'s)",
        _in_hex(sighting.envelope, table.column, page.style.ellipsis),
    ]
    table.row([f"{sighting.sender}: {text}"], seen)


def _in_hex(data: bytes, width: int, ellipsis: str) -> str:
    """Return as many of the first bytes as fit, in groups."""
    groups = (width - len(ellipsis) + 1) // (2 * _BYTES_TOGETHER + 1)
    return data[: groups * _BYTES_TOGETHER].hex(" ", -_BYTES_TOGETHER) + ellipsis
