"""Pictures of the screen as text: its rows, and where in them each style begins and ends."""

from pathlib import Path

from textual.strip import Strip

from securechat.faces.screen.settings import Theme
from tests.screen.driving import playing
from tests.screen.scenes import Scene

SIZES = ((80, 24), (40, 15), (132, 43))
THEMES: tuple[Theme, ...] = ("terminal", "light")
DIRECTORY = Path(__file__).parent / "snapshots"


def place_of(scene: str, theme: Theme, size: tuple[int, int]) -> Path:
    """Return where a picture is kept."""
    return DIRECTORY / f"{scene}-{size[0]}x{size[1]}-{theme}.txt"


async def take(scene: Scene, theme: Theme) -> list[str]:
    """Return the pictures of a scene, one for each of `SIZES`: it is played once, then resized."""
    pictures = []
    async with playing(size=SIZES[0], theme=theme) as game:
        await scene(game)
        for size in SIZES:
            await game.pilot.resize_terminal(*size)
            await game.settle()
            pictures.append(_picture(game.strips))
    return pictures


def _picture(strips: list[Strip]) -> str:
    rows = [f"|{''.join(segment.text for segment in strip)}|" for strip in strips]
    styles = [f"{y:2} {_styles(strip)}" for y, strip in enumerate(strips)]
    return "\n".join((*rows, "", *styles, ""))


def _styles(strip: Strip) -> str:
    """Return each style with the last column that has it."""
    runs: list[tuple[str, int]] = []
    end = 0
    for segment in strip:
        end += segment.cell_length
        style = str(segment.style).replace(" on ", "/")
        if runs and runs[-1][0] == style:
            runs.pop()
        runs.append((style, end))
    return ", ".join(f"{style} -{end}" for style, end in runs)
