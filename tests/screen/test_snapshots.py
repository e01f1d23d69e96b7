"""The main screens look as they did: at three sizes, in the terminal's colours and on light ground.

After a change that is wanted: ``python -m tests.screen.update_snapshots``, and look at the diff.
"""

import asyncio

import pytest

from securechat.faces.screen.settings import Theme
from tests.screen.scenes import SCENES
from tests.screen.snapshots import DIRECTORY, SIZES, THEMES, place_of, take


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_looks_as_it_did(scene: str, theme: Theme) -> None:
    for size, picture in zip(SIZES, asyncio.run(take(SCENES[scene], theme)), strict=True):
        assert picture == place_of(scene, theme, size).read_text(encoding="utf-8"), size


def test_there_are_no_pictures_of_what_is_no_more() -> None:
    wanted = {place_of(name, theme, size) for name in SCENES for theme in THEMES for size in SIZES}
    assert set(DIRECTORY.iterdir()) == wanted
