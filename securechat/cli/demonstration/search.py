"""Searching bytes for a text, also where it was encoded in one of the usual ways."""

from base64 import b64encode
from collections.abc import Iterable, Iterator

from msgspec import Struct

MIN_TEXT_BYTES = 6
"""Shorter texts are not worth a search: two or three bytes turn up in any bytes by chance."""


class Finding(Struct, frozen=True):
    """A text, and the form in which it was found."""

    text: str
    form: str


def is_worth_searching(text: str, public_words: Iterable[str] = ()) -> bool:
    """Return whether finding this text would mean something.

    It has to be long enough, and no part of a word that is public.
    """
    return len(text.encode()) >= MIN_TEXT_BYTES and not any(text in word for word in public_words)


def find_texts(texts: Iterable[str], haystacks: Iterable[bytes]) -> list[Finding]:
    """Return which texts are in any haystack: as typed (in UTF-8), in hex or in base64."""
    searched = tuple(haystacks)
    found = (
        Finding(text, form)
        for text in texts
        for form, needle in _forms(text.encode())
        if any(needle in haystack for haystack in searched)
    )
    return list(dict.fromkeys(found))


def _forms(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "as typed", data
    yield "in hex", data.hex().encode()
    yield "in hex", data.hex().upper().encode()
    for alphabet in (b"+/", b"-_"):
        for before in range(3):
            yield "in base64", _inside_base64(data, before, alphabet)


def _inside_base64(data: bytes, before: int, alphabet: bytes) -> bytes:
    """Return the base64 characters of ``data`` alone, with ``before`` unknown bytes before it."""
    encoded = b64encode(bytes(before) + data, alphabet)
    first = -(-before * 8 // 6)
    return encoded[first : (before + len(data)) * 8 // 6]
