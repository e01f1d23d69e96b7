"""The emoji that two people compare, each with the word to read aloud."""

SAS_EMOJI: tuple[tuple[str, str], ...] = (
    ("\N{OCTOPUS}", "octopus"),
    ("\N{KEY}", "key"),
    ("\N{SNAIL}", "snail"),
    ("\N{TURTLE}", "turtle"),
    ("\N{ELEPHANT}", "elephant"),
    ("\N{PENGUIN}", "penguin"),
    ("\N{DOLPHIN}", "dolphin"),
    ("\N{TIGER FACE}", "tiger"),
    ("\N{RABBIT FACE}", "rabbit"),
    ("\N{FROG FACE}", "frog"),
    ("\N{LION FACE}", "lion"),
    ("\N{OWL}", "owl"),
    ("\N{BAT}", "bat"),
    ("\N{DROMEDARY CAMEL}", "camel"),
    ("\N{SNAKE}", "snake"),
    ("\N{SPOUTING WHALE}", "whale"),
    ("\N{CRAB}", "crab"),
    ("\N{BUTTERFLY}", "butterfly"),
    ("\N{HONEYBEE}", "bee"),
    ("\N{HORSE FACE}", "horse"),
    ("\N{CHICKEN}", "chicken"),
    ("\N{MONKEY FACE}", "monkey"),
    ("\N{CACTUS}", "cactus"),
    ("\N{TULIP}", "tulip"),
    ("\N{SUNFLOWER}", "sunflower"),
    ("\N{MUSHROOM}", "mushroom"),
    ("\N{MAPLE LEAF}", "leaf"),
    ("\N{BANANA}", "banana"),
    ("\N{LEMON}", "lemon"),
    ("\N{CHERRIES}", "cherries"),
    ("\N{GRAPES}", "grapes"),
    ("\N{PINEAPPLE}", "pineapple"),
    ("\N{CARROT}", "carrot"),
    ("\N{BREAD}", "bread"),
    ("\N{CHEESE WEDGE}", "cheese"),
    ("\N{DOUGHNUT}", "doughnut"),
    ("\N{POPCORN}", "popcorn"),
    ("\N{UMBRELLA WITH RAIN DROPS}", "umbrella"),
    ("\N{ALARM CLOCK}", "clock"),
    ("\N{HAMMER}", "hammer"),
    ("\N{BELL}", "bell"),
    ("\N{BICYCLE}", "bicycle"),
    ("\N{ROCKET}", "rocket"),
    ("\N{ANCHOR}", "anchor"),
    ("\N{GUITAR}", "guitar"),
    ("\N{TRUMPET}", "trumpet"),
    ("\N{DRUM WITH DRUMSTICKS}", "drum"),
    ("\N{BALLOON}", "balloon"),
    ("\N{OPEN BOOK}", "book"),
    ("\N{CROWN}", "crown"),
    ("\N{ATHLETIC SHOE}", "shoe"),
    ("\N{MAGNET}", "magnet"),
    ("\N{ELECTRIC LIGHT BULB}", "lamp"),
    ("\N{TELESCOPE}", "telescope"),
    ("\N{CAMERA}", "camera"),
    ("\N{TRACTOR}", "tractor"),
    ("\N{STEAM LOCOMOTIVE}", "train"),
    ("\N{SAILBOAT}", "boat"),
    ("\N{HELICOPTER}", "helicopter"),
    ("\N{TENT}", "tent"),
    ("\N{FIRE}", "fire"),
    ("\N{SNOWMAN WITHOUT SNOW}", "snowman"),
    ("\N{RAINBOW}", "rainbow"),
    ("\N{TROPHY}", "trophy"),
)
"""64 emoji of one code point each, two columns wide, with words; both sides have the same order."""


def words_line(indices: tuple[int, ...]) -> str:
    """Return the words for what both sides compute: numbers from 0 to 63."""
    return "  ".join(SAS_EMOJI[index][1] for index in indices)


def emoji_line(indices: tuple[int, ...]) -> str:
    """Return emoji for what both sides compute, each before its word, which can be read aloud."""
    return "  ".join(" ".join(SAS_EMOJI[index]) for index in indices)
