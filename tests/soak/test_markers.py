"""Five thousand messages leave nothing readable in any file of relay or client."""

from pathlib import Path

import pytest

from tests.sockets.markers import check_files


@pytest.mark.timeout(1800)
def test_five_thousand_messages_are_in_no_file(tmp_path: Path) -> None:
    check_files(tmp_path, 5_000)
