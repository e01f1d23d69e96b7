"""The end of the demo: everything that the relay was given is searched for what was typed."""

from collections.abc import Sequence

from securechat.cli.demonstration.page import Page, Table
from securechat.cli.demonstration.search import MIN_TEXT_BYTES, find_texts, is_worth_searching
from securechat.cli.demonstration.witness import Witness
from securechat.errors import SecureChatError

REPORT_IT = "report it with the output of: securechat --version"


def conclude(page: Page, witness: Witness, texts: Sequence[str]) -> None:
    """Say what the relay has learnt of these texts; SecureChatError if it is any of them."""
    searched = [text for text in texts if is_worth_searching(text, witness.public_words)]
    _search(witness, searched)
    page.heading("What the relay knows now")
    page.paragraph(_result(witness, len(searched)))
    page.paragraph(_method(witness, len(texts) - len(searched)))
    page.gap()
    Table(page, "The relay knows", "The relay does not know").row(
        ["who is connected, and when", "who writes to whom, and when", "a size, rounded up"],
        ["what is said", "any key that opens an envelope"],
    )
    page.rest()


def tell_what_to_type(page: Page, *, offer_seat: bool) -> None:
    """Show the commands for a chat that is no demo; ``offer_seat``: or for one as Bob, before."""
    offer = " (Talk to Alice first? securechat demo --interactive)" if offer_seat else ""
    page.heading("Now for real")
    page.paragraph(
        "The last two go into terminals of their own. Bob's, in one more terminal, says "
        f"--name bob --peer Alice.{offer}"
    )
    page.verbatim(
        "securechat gen-certs",
        "securechat server",
        "securechat client --name alice --peer Bob",
    )


def _search(witness: Witness, texts: Sequence[str]) -> None:
    streams = witness.streams
    if leaks := find_texts(texts, streams):
        raise SecureChatError(
            f"The relay could read {leaks[0].text!r}: it is {leaks[0].form} in what it was given",
            REPORT_IT,
        )
    found = {finding.text for finding in find_texts(witness.names, streams)}
    if missed := set(witness.names) - found:
        raise SecureChatError(f"The search misses what is there: {', '.join(missed)}", REPORT_IT)


def _result(witness: Witness, count: int) -> str:
    size_bytes = sum(len(sighting.envelope) for sighting in witness.sightings)
    saw = f"The relay saw {_count(len(witness.sightings), 'envelope')}, {size_bytes:,} bytes"
    if not count:
        return f"{saw}; there was no text to search them for."
    none = "the one text is not" if count == 1 else f"none of the {count} texts is"
    return f"{saw}; {none} in them. Envelopes beyond the texts carry receipts."


def _method(witness: Witness, left_out: int) -> str:
    method = (
        f"Searched were all {sum(map(len, witness.streams)):,} bytes that the clients gave it, for "
        "each text as typed, in hex and in base64"
    )
    if left_out:
        method += (
            f" (but for {_count(left_out, 'text')} shorter than {MIN_TEXT_BYTES} bytes, or part of "
            "a word that the relay is told)"
        )
    names = " and ".join(sorted(witness.names))
    return f"{method}. The same search does find {names}: names are what the relay has to know."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
