"""What the modules of the screen may not use, as it would show texts of others unsafe."""

import ast
from collections.abc import Iterator
from pathlib import Path

import securechat.faces.screen

MODULES = sorted(Path(securechat.faces.screen.__file__).parent.rglob("*.py"))
FROM_TEXTUAL = {
    "App", "Binding", "ChopsUpdate", "Color", "ComposeResult", "CompositorUpdate", "Edit",
    "EditResult", "Horizontal", "LayoutUpdate", "LinuxDriver", "Message", "MessagePump",
    "ModalScreen", "Screen", "Strip", "TextArea", "Timer", "Vertical", "Widget", "XTermParser",
    "events",
}  # fmt: skip
FROM_RICH = {"Console", "Control", "Segment", "Style"}
"""None of these reads markup; a field that does not make safe what is in it is only TextArea."""


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Give the packages of imports, and what is taken from them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((each.name.partition(".")[0], "") for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = (node.module or "").partition(".")[0]
            yield from ((package, each.name) for each in node.names)


def modules_with(word: str) -> list[str]:
    return [path.stem for path in MODULES if word in path.read_text(encoding="utf-8")]


def test_no_part_of_textual_and_rich_that_reads_markup_is_used() -> None:
    taken = [each for path in MODULES for each in imports(ast.parse(path.read_text("utf-8")))]
    assert {name for package, name in taken if package == "textual"} <= FROM_TEXTUAL
    assert {name for package, name in taken if package == "rich"} <= FROM_RICH


def test_each_way_to_the_terminal_stands_in_one_module() -> None:
    assert modules_with("Segment(") == ["line_widget"]
    assert modules_with("._driver") == ["terminal_writes"]
    assert modules_with("os.write") == ["terminal_sharing"]
    assert modules_with("copy_to_clipboard") == ["terminal_writes"]
    assert modules_with("Span(") == ["spans"]
    assert modules_with("TextArea") == ["composer"]
    assert modules_with("stdout") == modules_with("stderr") == ["notifying"]
