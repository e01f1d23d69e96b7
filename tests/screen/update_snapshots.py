"""Take all pictures anew: ``python -m tests.screen.update_snapshots``."""

import asyncio

from tests.screen.scenes import SCENES
from tests.screen.snapshots import DIRECTORY, SIZES, THEMES, place_of, take


def main() -> None:
    """Write the pictures; those of what is no more go."""
    DIRECTORY.mkdir(exist_ok=True)
    for old in DIRECTORY.iterdir():
        old.unlink()
    for name, scene in SCENES.items():
        for theme in THEMES:
            for size, picture in zip(SIZES, asyncio.run(take(scene, theme)), strict=True):
                place_of(name, theme, size).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
