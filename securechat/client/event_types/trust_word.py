"""How far a person's key is to be trusted, in one word."""

from enum import StrEnum


class Trust(StrEnum):
    """The one word that says how far a person's key is to be trusted."""

    NEW = "new"
    VERIFIED = "verified"
    CHANGED = "CHANGED"
