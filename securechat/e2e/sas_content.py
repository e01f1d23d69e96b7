"""The content with which two devices compare emoji: one step of a comparison."""

from enum import IntEnum

from msgspec import Struct

from securechat.errors import RemoteProtocolError, UsageError

KIND_SAS = 9

TRANSACTION_SIZE_BYTES = 16


class Step(IntEnum):
    """What a message of a comparison does."""

    START = 1
    COMMIT = 2
    KEY = 3
    CONFIRM = 4
    ABORT = 5


class SasFailure(IntEnum):
    """Why a comparison has ended without anybody verified; the number goes to the other side."""

    DIFFERS = 1
    TIMEOUT = 2
    OUT_OF_TURN = 3
    COMMITMENT = 4
    MAC = 5
    KEY = 6
    BUSY = 7
    KEY_CHANGED = 8

    @property
    def is_alarm(self) -> bool:
        """Tell whether somebody may be in between."""
        return self in _ALARMS


_ALARMS = {SasFailure.DIFFERS, SasFailure.COMMITMENT, SasFailure.MAC, SasFailure.KEY}
_DATA_SIZES_BYTES = {
    Step.START: 0,
    Step.COMMIT: 32,
    Step.KEY: 32,
    Step.CONFIRM: 32,
    Step.ABORT: 1,
}


class Comparing(Struct, frozen=True):
    """One step of the comparison ``tx`` (`TRANSACTION_SIZE_BYTES`), with the data of that step.

    The data are nothing in a start, 32 bytes in a commit, a key and a confirm, and the number of a
    `SasFailure` in an abort.
    """

    tx: bytes
    step: Step
    data: bytes = b""


def abort(tx: bytes, why: SasFailure) -> Comparing:
    """Return the step that ends a comparison."""
    return Comparing(tx, Step.ABORT, bytes([why]))


def encode_comparing(comparing: Comparing) -> bytes:
    """Return the body; raise `UsageError` when a size is wrong."""
    body = comparing.tx + bytes([comparing.step]) + comparing.data
    if len(body) != TRANSACTION_SIZE_BYTES + 1 + _DATA_SIZES_BYTES[comparing.step]:
        raise UsageError("A step of a comparison has a wrong length.")
    return body


def decode_comparing(body: bytes) -> Comparing:
    """Undo `encode_comparing`; raise `RemoteProtocolError` for every other body."""
    tx, rest = body[:TRANSACTION_SIZE_BYTES], body[TRANSACTION_SIZE_BYTES:]
    try:
        step, data = Step(rest[0]), rest[1:]
        if len(data) != _DATA_SIZES_BYTES[step]:
            raise ValueError("a wrong length")
        if step is Step.ABORT:
            SasFailure(data[0])
    except (IndexError, ValueError) as error:
        raise RemoteProtocolError("A step of a comparison is not valid.") from error
    return Comparing(tx, step, data)
