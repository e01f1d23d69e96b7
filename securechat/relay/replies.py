"""Answers to a client's requests, in the order of the requests, though some have to wait."""

from collections.abc import Callable
from typing import Generic, TypeVar

A = TypeVar("A")


class Replies(Generic[A]):
    """Gives answers to ``send`` in the order in which they were announced."""

    __slots__ = ("_places", "_send")

    def __init__(self, send: Callable[[A], object]) -> None:
        self._send = send
        self._places: list[list[A]] = []

    def reserve(self) -> Callable[[A], None]:
        """Keep the next place; return what gives the answer, once, when it is known."""
        place: list[A] = []
        self._places.append(place)

        def give(answer: A) -> None:
            place.append(answer)
            while self._places and self._places[0]:
                self._send(self._places.pop(0)[0])

        return give

    def give(self, answer: A) -> None:
        """Answer now, after whatever was announced before."""
        if self._places:
            self.reserve()(answer)
        else:
            self._send(answer)
