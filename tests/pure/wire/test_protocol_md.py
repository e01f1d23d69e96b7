"""PROTOCOL.md is read here, table by table, and compared with the code."""

import re
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from securechat.config import ServerConfig
from securechat.identity import chain, device, login, prekeys, registration, types
from securechat.protocol import machine
from securechat.protocol.states import TABLE, Side, State
from securechat.relay import (
    announcer,
    channel,
    device_presence,
    directory,
    intake,
    mailbox,
    pairing,
    pairing_desk,
    relay,
    replies,
    submission,
)
from securechat.store import mailboxes
from securechat.wire import codec, codes
from securechat.wire import frames as f
from tests.pure.wire.strategies import ALL_FRAMES, CLIENT_FRAMES, RELAY_FRAMES

TEXT = Path(codec.__file__).with_name("PROTOCOL.md").read_text(encoding="utf-8")
PARTS: tuple[type[msgspec.Struct], ...] = (
    f.Outgoing,
    f.Incoming,
    registration.Registration,
    device.DeviceCertificate,
    device.DeviceList,
    login.LoginProof,
    prekeys.PrekeyBundle,
    prekeys.OneTimeKey,
    chain.PublishedDevice,
    chain.PublishedUser,
)
CODES: tuple[type[StrEnum], ...] = (
    codes.FaultCode,
    codes.ByeCode,
    codes.FailedCode,
    codes.RefusedCode,
    codes.PairCode,
)
CONSTANTS = {
    name: value
    for module in (
        codec,
        f,
        machine,
        mailbox,
        mailboxes,
        relay,
        submission,
        replies,
        device_presence,
        intake,
        directory,
        channel,
        announcer,
        pairing,
        pairing_desk,
    )
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, int | float)
}
DEFAULTS = {"NoneType": "nil", "bool": "false", "int": "0", "tuple": "empty"}

Row = dict[str, str]


def tables(heading: str) -> list[list[Row]]:
    """Return the tables under a heading, each row by its column titles; no back quotes."""
    section = re.split(rf"^#+ {re.escape(heading)}$", TEXT, flags=re.MULTILINE)[1]
    section = re.split(r"^#+ ", section, flags=re.MULTILINE)[0]
    blocks = re.findall(r"(?:^\|.*\n)+", section, flags=re.MULTILINE)
    return [_rows(block.replace("`", "").strip().splitlines()) for block in blocks]


def _rows(lines: list[str]) -> list[Row]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def directions(kind: type[f.Frame]) -> str:
    """Return who sends a frame."""
    sides = (("client", CLIENT_FRAMES), ("relay", RELAY_FRAMES))
    return " and ".join(side for side, kinds in sides if kind in kinds)


def type_text(info: msgspec.inspect.Type) -> str:
    """Write a type the way PROTOCOL.md does."""
    match info:
        case msgspec.inspect.NoneType():
            return "nil"
        case msgspec.inspect.BoolType():
            return "bool"
        case msgspec.inspect.IntType(ge=0, le=types.MAX_NUMBER):
            return "number"
        case msgspec.inspect.IntType(ge=low, le=high):
            return f"number {low:,}..{high:,}"
        case msgspec.inspect.StrType():
            return f"text {_sizes(info)}".strip()
        case msgspec.inspect.BytesType():
            return f"bytes {_sizes(info)}".strip()
        case msgspec.inspect.VarTupleType(item_type=item):
            return f"list {_sizes(info)} of {type_text(item)}"
        case msgspec.inspect.TupleType(item_types=items):
            return "(" + ", ".join(map(type_text, items)) + ")"
        case msgspec.inspect.UnionType(types=options):
            return " or ".join(map(type_text, options))
        case msgspec.inspect.StructType(cls=cls):
            return cls.__name__
        case _:
            raise NotImplementedError(info)


def _sizes(info: Any) -> str:
    low, high = info.min_length, info.max_length
    if low == high:
        return "" if low is None else str(low)
    return f"{low or 0}..{'' if high is None else high}"


def fields_of(kind: type[msgspec.Struct]) -> list[tuple[str, str]]:
    """Return the name and the type of each field in their order."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return [(field.name, _field_text(field)) for field in info.fields]


def _field_text(field: msgspec.inspect.Field) -> str:
    text = type_text(field.type)
    if field.required:
        return text
    assert not field.default
    return f"{text}, else {DEFAULTS[type(field.default).__name__]}"


def test_the_version_is_the_one_described() -> None:
    assert TEXT.startswith(f"# The wire protocol, version {f.PROTOCOL_VERSION}\n")


def test_every_frame_is_listed_with_its_tag_and_direction() -> None:
    [rows] = tables("Frames")
    listed = [(row["tag"], row["frame"], row["sent by"]) for row in rows]
    expected = sorted((kind.__struct_config__.tag, kind) for kind in ALL_FRAMES)
    assert listed == [(str(tag), kind.__name__, directions(kind)) for tag, kind in expected]


def test_the_fields_of_every_frame_and_part_are_as_listed() -> None:
    for kind in ALL_FRAMES + PARTS:
        [rows] = tables(kind.__name__)
        assert [(row["field"], row["type"]) for row in rows] == fields_of(kind), kind
        assert all(row["meaning"] for row in rows), kind


def test_the_states_and_who_may_say_what_are_as_listed() -> None:
    states, moves = tables("States")
    assert [(row["state"], row["meaning"]) for row in states] == [
        (state.name, state.value) for state in State
    ]
    listed = {
        (side, state, kind): then
        for row in moves
        for side, state, kind in product(
            row["side"].split(" and "), row["state"].split(", "), row["frames"].split(", ")
        )
        for then in [row["then"]]
    }
    assert listed == {
        (side.value, state.name, kind.__name__): then.name
        for (side, state, kind), then in TABLE.items()
    }
    assert {side for side, _, _ in listed} == {side.value for side in Side}


@pytest.mark.parametrize("enum", CODES, ids=lambda enum: enum.__name__)
def test_the_codes_are_as_listed(enum: type[StrEnum]) -> None:
    [rows] = tables(f"Codes of {enum.__name__.removesuffix('Code')}")
    assert [row["code"] for row in rows] == [code.value for code in enum]
    assert all(row["meaning"] for row in rows)


def test_the_fixed_limits_are_those_of_the_code() -> None:
    [rows] = tables("Fixed limits")
    assert rows
    for row in rows:
        assert float(row["value"].replace(",", "")) == CONSTANTS[row["name"]], row


def test_the_limits_of_a_relay_are_the_defaults_of_its_configuration() -> None:
    [rows] = tables("Limits that an operator sets")
    for row in rows:
        value = getattr(ServerConfig(), row["setting"])
        assert float(row["default"].replace(",", "")) == value, row
