"""Make `securechat/identity/confusables.py` from Unicode's table of characters that look alike.

Use: ``python scripts/gen_confusables.py FILE > securechat/identity/confusables.py``, where FILE is
``confusables.txt`` of the security data of a Unicode version.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

HEADER = '''"""Which characters look alike: what Unicode {version} says of those in names.

Made by ``scripts/gen_confusables.py``; do not edit. Modified from data that is
{copyright}
under the licence in ``UNICODE-LICENSE.txt`` beside this file.
"""

LOOK_ALIKES = (
'''
IN_NAMES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Mn", "Mc", "Cn"})
"""Categories that names have, and the one of characters that this Python does not know yet."""
MEANING = 'Groups with a space between them: what it looks like, "=", every character that does so.'
WIDTH_CHARACTERS = 94


def main(path: str) -> None:
    """Read Unicode's file, write the module to standard output."""
    text = Path(path).read_text("utf-8-sig")
    version = _find(r"^# Version: (\S+)$", text)
    sys.stdout.write(HEADER.format(version=version, copyright=_find(r"^# (© .+)$", text)))
    for line in _wrap(_groups(text)):
        sys.stdout.write(f'    "{line}"\n')
    sys.stdout.write(f')\n"""{MEANING}"""\n')


def _groups(text: str) -> Iterator[str]:
    """Yield a prototype, "=" and its look-alikes, for each prototype in order of code points."""
    sources: dict[str, list[str]] = {}
    for source, prototype in re.findall(r"^([0-9A-F]+) ;\t([0-9A-F ]+) ;\tMA\t", text, re.M):
        if _can_be_in_a_name(chr(int(source, 16))):
            sources.setdefault(_characters(prototype), []).append(chr(int(source, 16)))
    for prototype, characters in sorted(sources.items()):
        yield f"{prototype}={''.join(sorted(characters))}"


def _can_be_in_a_name(character: str) -> bool:
    """Return whether a normalised and decomposed name can hold this character."""
    decomposed = unicodedata.normalize("NFKD", character) == character
    return decomposed and unicodedata.category(character) in IN_NAMES


def _characters(code_points: str) -> str:
    return "".join(chr(int(code_point, 16)) for code_point in code_points.split())


def _wrap(groups: Iterable[str]) -> Iterator[str]:
    """Yield the groups as the inside of string literals in ASCII, none broken inside an escape."""
    line = ""
    for character in " ".join(groups):
        escaped = character.encode("unicode_escape").decode()
        if len(line) + len(escaped) > WIDTH_CHARACTERS:
            yield line
            line = ""
        line += escaped
    yield line


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.M)
    if found is None:
        raise SystemExit("This is not Unicode's confusables.txt")
    return found[1]


if __name__ == "__main__":
    main(*sys.argv[1:])
