"""E2E.md says what the code does: labels, sizes, kinds, tables."""

import re
from pathlib import Path

import securechat.e2e
from securechat.e2e import content, envelope
from tests.pure.e2e.world import make_pair

PACKAGE = Path(securechat.e2e.__file__).parent
DOCUMENT = (PACKAGE / "E2E.md").read_text(encoding="utf-8")
LABEL = re.compile(r"securechat/[a-z-]+/v\d")


def section(number: int) -> str:
    return DOCUMENT.split(f"\n## {number}. ")[1].split("\n## ")[0]


def test_it_names_exactly_the_labels_of_the_code() -> None:
    sources = [*PACKAGE.glob("*.py"), *(PACKAGE.parent / "identity").glob("*.py")]
    used = {label for path in sources for label in LABEL.findall(path.read_text("utf-8"))}
    assert used
    assert set(LABEL.findall(DOCUMENT)) == used


def test_it_lists_exactly_the_kinds_of_content() -> None:
    listed = dict(re.findall(r"^\| (\d+) \| (\w+) \|", section(7), re.MULTILINE))
    assert listed == {
        str(content.KIND_TEXT): "text",
        str(content.KIND_RECEIPT): "receipt",
        str(content.KIND_RECOVERY): "recovery",
        str(content.KIND_READ): "read",
    }


def test_it_states_the_sizes() -> None:
    for size_bytes in (*envelope.SIZES_BYTES, envelope.BLOB_SIZE_BYTES):
        assert f"{size_bytes:,}" in section(4)


def test_it_lists_exactly_the_tables_of_the_state() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", section(6), re.MULTILINE))
    alice, bob = make_pair()
    alice.endpoint.start_session(bob.shown(), 0)
    alice.endpoint.ask_recovery(bob.address, 0)
    alice.commit()
    assert listed == {table for table, _ in alice.rows}
