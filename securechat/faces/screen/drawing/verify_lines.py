"""What is compared with a person, as lines: digits and emoji, and the QR code beside them."""

from msgspec import Struct

from securechat.client import events as e
from securechat.faces.breaking import break_line
from securechat.faces.qr import code_in_halves
from securechat.faces.sas_emoji import SAS_EMOJI
from securechat.faces.screen.drawing.spans import Line, Look, crop, filled, span, width_of

_TEXT_COLUMNS = 42
"""The least that digits and emoji want beside the code: three emoji with their words."""
_BETWEEN_COLUMNS = 2
_ROWS_ABOVE = 4
"""The title, two rows of keys at most beside a whole code, and a blank one."""
_EMOJI_COLUMNS = 14
_WORD_COLUMNS = 11
_DIGITS_TOGETHER = 5
_GROUPS_A_ROW = 6

_LEAST_COLUMNS = 12

_BLANK: Line = (span(""),)


class Compared(Struct, frozen=True):
    """What can be compared with the person ``name`` by now; emoji once both have asked for them.

    ``asked``: the user has asked for them, and the other one has not yet; ``awaited``: the other
    way round. ``agreed``: the user has said that the emoji are the same, and they have not yet.
    ``asked_again`` is a key that was pressed once, and counts when it is pressed again.
    """

    name: str
    safety: e.SafetyNumber | None = None
    emoji: e.ComparingShown | None = None
    asked: bool = False
    awaited: bool = False
    agreed: bool = False
    asked_again: str = ""


class Canvas(Struct, frozen=True):
    """How large the screen is; ``unicode`` is whether it shows half blocks and emoji.

    ``colors``: it draws black on white when asked to, which a code needs. ``code_alone``: the user
    wants to see the code where it does not fit beside the rest.
    """

    columns: int
    rows: int
    unicode: bool = True
    colors: bool = True
    code_alone: bool = False


def lay_out_verification(compared: Compared, canvas: Canvas) -> list[Line]:
    """Return the lines of the screen, none wider than it; where it is low, the last are cut off."""
    code = _code(compared, canvas)
    code_columns = width_of(code[0]) if code else 0
    text_columns = canvas.columns - code_columns - _BETWEEN_COLUMNS
    is_wide = (
        bool(code) and text_columns >= _TEXT_COLUMNS and canvas.rows >= len(code) + _ROWS_ABOVE
    )
    above = [_title(compared), *_keys(compared, canvas, is_wide=is_wide), _BLANK]
    room = canvas.rows - len(above)
    if is_wide:
        middle = _beside(_compared(compared, text_columns, room, canvas), code, canvas.columns)
    elif canvas.code_alone:
        middle = _code_alone(code, canvas)
    else:
        middle = _compared(compared, canvas.columns, room, canvas)
    lines = [*above, *middle]
    return [crop(line, canvas.columns) for line in lines[: canvas.rows]]


def _title(compared: Compared) -> Line:
    safety = compared.safety
    if safety is None:
        return (span(f"Verify {compared.name}", Look.TITLE),)
    look = Look.CHANGED if safety.trust is e.Trust.CHANGED else Look.TRUST
    trust = span(f" ({safety.trust.value})", look)
    return (span(f"Verify {compared.name}", Look.TITLE), trust)


def _keys(compared: Compared, canvas: Canvas, *, is_wide: bool) -> list[Line]:
    keys = []
    if compared.emoji is None:
        keys.append("e emoji")
    elif not compared.agreed:
        keys.append(f"{_twice('m', compared)} they match   x they differ")
    if compared.safety is not None:
        keys.append(f"{_twice('t', compared)} digits match")
        if not is_wide:
            keys.append("q digits" if canvas.code_alone else "q QR code")
    return _told("   ".join((*keys, "Esc back")), canvas.columns, Look.HINT)


def _twice(key: str, compared: Compared) -> str:
    return f"{key} again:" if compared.asked_again == key else key


def _beside(left: list[Line], code: list[Line], columns: int) -> list[Line]:
    """Return both, side by side; the code is at the right edge."""
    text_columns = columns - width_of(code[0])
    rows = max(len(left), len(code))
    lefts = left + [()] * (rows - len(left))
    codes = code + [()] * (rows - len(code))
    return [
        (*filled(crop(text, text_columns), text_columns, Look.TEXT), *modules)
        for text, modules in zip(lefts, codes, strict=True)
    ]


def _compared(compared: Compared, columns: int, rows: int, canvas: Canvas) -> list[Line]:
    """Return digits and emoji; where not all of it fits, all seven emoji at any rate."""
    digits, emoji = _digits(compared, columns), _emoji(compared, columns, canvas)
    whole = [*digits, *_how_to_compare(compared, columns), _BLANK, *emoji]
    if compared.emoji is None or len(whole) <= rows:
        return whole
    return [*digits, *emoji] if len(digits) + len(emoji) <= rows else [*emoji, *digits]


def _how_to_compare(compared: Compared, columns: int) -> list[Line]:
    if compared.safety is None:
        return []
    name = compared.name
    how = f"The same as {name} sees, compared by voice or in person: nobody is in between."
    return _told(how, columns)


def _digits(compared: Compared, columns: int) -> list[Line]:
    safety = compared.safety
    if safety is None:
        return _told(f"There is no safety number with {compared.name} yet.", columns)
    digits = "".join(safety.digits.split())
    starts = range(0, len(digits), _DIGITS_TOGETHER)
    groups = [digits[start : start + _DIGITS_TOGETHER] for start in starts]
    a_row = max(min(_GROUPS_A_ROW, (columns + 1) // (_DIGITS_TOGETHER + 1)), 1)
    rows = [" ".join(groups[at : at + a_row]) for at in range(0, len(groups), a_row)]
    is_changed = safety.trust is e.Trust.CHANGED
    whose = f"of the NEW key {safety.fingerprint}" if is_changed else f"key {safety.fingerprint}"
    return [
        (
            span("Digits", Look.STRONG),
            span(f"  {whose}", Look.CHANGED if is_changed else Look.FAINT),
        ),
        *((span(row, Look.CODE),) for row in rows),
    ]


def _emoji(compared: Compared, columns: int, canvas: Canvas) -> list[Line]:
    shown = compared.emoji
    title: Line = (span("Emoji", Look.STRONG),)
    if shown is None:
        name = compared.name
        ask = f"Press e here, and {name} there, within 10 minutes: both see the same seven."
        if compared.asked:
            ask = (
                f"{name} is asked, and has 10 minutes: there Alt-V, then e; or /verify NAME emoji."
            )
        elif compared.awaited:
            ask = f"{name} has asked for them and waits: press e here."
        return [title, *_told(ask, columns)]
    cells = [_cell(index, canvas) for index in shown.emoji]
    a_row = max(columns // _EMOJI_COLUMNS, 1)
    rows = [sum(cells[at : at + a_row], ()) for at in range(0, len(cells), a_row)]
    waiting = f"Now {compared.name} has to say so too." if compared.agreed else ""
    decimals: Line = (span(f"or {shown.decimals}", Look.CODE),)
    return [title, *_told(waiting, columns, Look.STRONG), *rows, decimals]


def _cell(index: int, canvas: Canvas) -> Line:
    symbol, word = SAS_EMOJI[index]
    if not canvas.unicode:
        return (span(f"{word:{_EMOJI_COLUMNS}}"),)
    return (span(symbol), span(f" {word:{_WORD_COLUMNS}}"))


def _code(compared: Compared, canvas: Canvas) -> list[Line]:
    """Return the code of the digits; nothing where none can be drawn."""
    if compared.safety is None or not (canvas.unicode and canvas.colors):
        return []
    digits = "".join(compared.safety.digits.split())
    return [(span(row, Look.BLACK_ON_WHITE),) for row in code_in_halves(digits)]


def _code_alone(code: list[Line], canvas: Canvas) -> list[Line]:
    if not code:
        return _told("A QR code needs a terminal with colours that shows Unicode.", canvas.columns)
    needed_columns, needed_rows = width_of(code[0]), len(code) + _ROWS_ABOVE
    if canvas.columns < needed_columns or canvas.rows < needed_rows:
        why = (
            f"The QR code needs a terminal of {needed_columns} columns and {needed_rows} rows, "
            f"this one has {canvas.columns} and {canvas.rows}."
        )
        return _told(why, canvas.columns)
    return code


def _told(sentence: str, columns: int, look: Look = Look.TEXT) -> list[Line]:
    parts = break_line(sentence, max(columns, _LEAST_COLUMNS))
    return [(span(part.strip(), look),) for part in parts if part]
