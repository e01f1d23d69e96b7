"""Draw the pictures in docs/ anew: scenes of the tests, as SVG that loads nothing from anywhere."""

import asyncio
import re
import sys
from pathlib import Path
from unittest.mock import patch

from tests.screen.driving import playing
from tests.screen.scenes import SCENES

PICTURES = ("conversation", "verification", "relay-view")
SIZE = (100, 30)
DIRECTORY = Path(__file__).parents[1] / "docs"

_FONT_FACES = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""Each names an address of somebody else; a reader's own font of fixed width does as well."""


async def draw(name: str) -> str:
    """Return the picture of a scene; nothing in it need be put in its column."""
    settled = patch("securechat.faces.screen.widgets.line_widget.is_settled", lambda _: True)
    with settled:
        async with playing(size=SIZE, theme="dark") as game:
            await SCENES[name](game)
            return _FONT_FACES.sub("", game.app.export_screenshot(title="securechat"))


def main() -> int:
    """Write all pictures."""
    DIRECTORY.mkdir(exist_ok=True)
    for name in PICTURES:
        (DIRECTORY / f"{name}.svg").write_text(asyncio.run(draw(name)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
