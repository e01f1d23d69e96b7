"""Texts that want to be more than text, and what must never reach a terminal."""

import re

CONTROLS = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")
REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FORGED = ("[SERVER] bob left the chat!", "bob: mine", "[#lobby] bob: mine", "[Problem] lost")

TRICKS = (
    "\x1b]0;owned\x07", "\x1b]52;c;aGk=\x07", "\x1b[2J\x1b[1;1H", "\x1bc", "\x9b31m", "\x90q\x9c",
    "\x1b[200~x\x1b[201~", "\x1b_Ga=T\x1b\\", "\x1b[5n", "\x07\x00\x7f", "\x08" * 40 + FORGED[1],
    "\u202eback\u202c", "\u2066in\u2069", "\u061c\u200e\u200f", "[/b] [TODO] [bold red]x[/]",
    "**b** `c`", "e" + "\u0301" * 4000, "\U0001f1e9" * 2000, "\u200b" * 2000,
    *(f"x{newline}{forged}" for newline in ("\n", "\r", "\r\n", "\x0b", "\x85", "\u2028")
      for forged in FORGED),
    *(filler * count + FORGED[0] for filler, count in (
        (FAMILY, 18), ("\U0001f1e9\U0001f1ea", 30), ("\u2601\ufe0f", 33), ("語", 30), (" ", 62),
        ("\U0001f44d\U0001f3fd", 30), ("\u0915\u094d\u0937", 60), ("\u00a0", 62),
    )),
    "w" * 8192, "end of it",
)  # fmt: skip
