"""What the engine needs of the world: somewhere to commit, and a connection."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from securechat.store.history import HistoryChange, HistoryTable
from securechat.wire.frames import ClientFrame, Outgoing


class HistoryPort(Protocol):
    """Where the history is kept; `securechat.store.state.StateReader` is one."""

    def read_history(self) -> AbstractContextManager[HistoryTable]:
        """Provide what to read the history with; for one thread, that which commits if any does."""


class StatePort(HistoryPort, Protocol):
    """Where the engine commits; `securechat.store.state.StateFile` is one."""

    def load(self, *, without: Collection[str] = ()) -> dict[tuple[str, bytes], bytes]:
        """Return every row, but for those of some tables."""

    def commit(
        self,
        changes: Mapping[tuple[str, bytes], bytes | None],
        history: Sequence[HistoryChange] = (),
    ) -> None:
        """Carry out all the changes or none."""


class LinkPort(Protocol):
    """The connection, as the engine uses it; `securechat.client.connection.link.Link` is one."""

    def start(self) -> None:
        """Connect, and stay connected."""

    def stop(self) -> None:
        """Say goodbye."""

    def reconnect(self) -> None:
        """Say goodbye and come back."""

    def send(self, frame: ClientFrame) -> None:
        """Send one frame."""

    def send_envelopes(self, envelopes: list[Outgoing]) -> None:
        """Send envelopes in this order."""

    def send_signals(self, envelopes: list[Outgoing]) -> None:
        """Send envelopes that are never stored, and whose answers nobody waits for."""

    def ack(self, number: int) -> None:
        """Acknowledge deliveries."""
