"""The Markdown of an export: what stands there, and that no text of a person is Markdown."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from securechat.client.events import DeliveryState, PastMessage, Quote
from securechat.faces.export_markdown import render_export
from securechat.text import safe_text
from tests.pure.faces.sample_events import NOON_MS
from tests.pure.faces.sample_export import CONVERSATION, HOSTILE_LINES, own, texts, theirs

HOUR_MS = 3600 * 1000
NAMES = st.text(st.sampled_from("bob_.-[]*`<>&!#|~\\(:@www.1 ä\n"), min_size=1)


def lines(*messages: PastMessage, peer: str = "bob") -> list[str]:
    conversation = replace(CONVERSATION, peer=peer, peer_name=peer)
    renamed = [replace(each, sender=peer) if each.state is None else each for each in messages]
    return list(render_export(conversation, renamed, NOON_MS, UTC))


def head_line(*messages: PastMessage) -> str:
    """Return what stands above the last text."""
    return next(line for line in reversed(lines(*messages)) if line.startswith("**"))


def test_a_document() -> None:
    zone = timezone(timedelta(hours=2), "CEST")
    conversation = replace(CONVERSATION, peer="Bobby", peer_name="bob_")
    messages = [theirs("Tea?\n\nOr coffee?"), own("Tea.", kept_ms=NOON_MS + 8 * HOUR_MS)]
    assert "\n".join(render_export(conversation, messages, NOON_MS, zone)) == (
        "# Conversation of alice with Bobby\n"
        "\n"
        "- Bobby is bob\\_ on the relay.\n"
        "- Relay: `127.0.0.1:5555`, fingerprint `9f2c-41aa-07be-d310`\n"
        "- Exported: 2025-06-15 17:06:40\n"
        "- Times: local time, which was `CEST` (UTC+0200) then\n"
        "\n"
        "## 2025-06-15\n"
        "\n"
        "**17:06:40 bob** (new)\n"
        "\n"
        "    Tea?\n"
        "    \n"
        "    Or coffee?\n"
        "\n"
        "## 2025-06-16\n"
        "\n"
        "**01:06:40 alice** (delivered)\n"
        "\n"
        "    Tea."
    )


def test_the_local_zone_has_a_name() -> None:
    (times,) = [line for line in render_export(CONVERSATION, (), NOON_MS) if "Times" in line]
    local = datetime.fromtimestamp(NOON_MS / 1000).astimezone()
    assert f"`{local:%Z}` (UTC{local:%z})" in times


@pytest.mark.parametrize("state", DeliveryState)
def test_an_own_message_has_its_state(state: DeliveryState) -> None:
    assert head_line(own(state=state)) == f"**15:06:40 alice** ({state.value})"


def test_what_there_is_to_say_about_a_message() -> None:
    assert head_line(theirs(trust="CHANGED", e2e=False, late=True, missing=2)) == (
        "**15:06:40 bob** (CHANGED, TLS only: the relay can read this,"
        " late: sent before what stands above, 2 before this one missing)"
    )
    action = replace(theirs(), action=True)
    assert head_line(action) == "**15:06:40 bob** (new, says what they do)"
    changed = replace(theirs(), edited=True, reply=Quote("m0", "a*b", "x"))
    assert head_line(changed) == "**15:06:40 bob** (new, answers a\\*b, edited)"
    deleted = replace(theirs(""), edited=True, reply=Quote("m0"))
    assert head_line(deleted) == (
        "**15:06:40 bob** (new, answers a message that is not here, deleted)"
    )


@pytest.mark.parametrize("symbol", ["+", "`", "``", "", *HOSTILE_LINES, "`*a*`) (verified)"])
def test_a_reaction_is_code_in_a_list_of_ours(symbol: str) -> None:
    message = replace(theirs(), reactions=(("b*b", symbol), ("carol", "+")))
    rendered = MarkdownIt().render("\n".join(lines(message, own())))
    items = rendered.split("<ul>")[-1].split("</ul>")[0].split("\n")[1:-1]
    assert items[1] == "<li>carol reacts with <code>+</code></li>"
    assert re.fullmatch("<li>b\\*b reacts with <code>[^<]*</code></li>", items[0])
    assert rendered.count("</strong> (") == 2


@pytest.mark.parametrize(
    ("time_ms", "said"),
    [
        (NOON_MS - HOUR_MS, "written 14:06"),
        (NOON_MS - 48 * HOUR_MS, "written 2025-06-13 15:06"),
        (2**63, "written at an impossible time"),
    ],
)
def test_the_sender_s_time_is_said_and_orders_nothing(time_ms: int, said: str) -> None:
    document = lines(theirs(), theirs(time_ms=time_ms))
    assert f"**15:06:40 bob** (new, {said})" in document
    assert sum(line.startswith("## ") for line in document) == 1


@given(texts)
def test_every_line_of_a_text_is_indented_and_every_other_one_is_ours(text: str) -> None:
    document = lines(theirs(text))
    start = document.index("**15:06:40 bob** (new)") + 2
    assert document[:start] == lines(theirs("x"))[:start]
    assert all(line.startswith("    ") for line in document[start:])
    assert "\n".join(line[4:] for line in document[start:]) == safe_text(text, multiline=True)
    assert all(len(line.splitlines()) <= 1 for line in document)


@given(st.lists(texts, max_size=4), NAMES)
@example(["\n".join(HOSTILE_LINES)], "bob")
def test_a_renderer_shows_texts_and_names_as_they_are(given_texts: list[str], name: str) -> None:
    """Whatever the texts, the document has the same parts, and each text is one of them."""
    document = "\n".join(lines(*map(theirs, given_texts), peer=name))
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(document)
    wanted = [_shown(text) for text in given_texts]
    assert [each.content for each in tokens if each.type == "code_block"] == [
        f"{text}\n" for text in wanted if text
    ]
    assert [each.tag for each in tokens if each.type == "heading_open"] == ["h1"] + (
        ["h2"] if given_texts else []
    )
    outside = {"bullet_list", "list_item", "paragraph", "heading", "inline", "code_block"}
    assert {each.type.removesuffix("_open").removesuffix("_close") for each in tokens} <= outside
    inline = [child for each in tokens for child in each.children or ()]
    marks = {"text", "text_special", "code_inline", "strong_open", "strong_close", "softbreak"}
    assert {child.type for child in inline} <= marks
    title = next(each for each in tokens if each.type == "inline")
    shown = "".join(child.content for child in title.children or ())
    assert shown == f"Conversation of alice with {safe_text(name)}".rstrip()


def _shown(text: str) -> str:
    """Return a text without the blank lines around it, which no code block has."""
    shown = safe_text(text, multiline=True).split("\n")
    while shown and not shown[-1].strip(" "):
        shown.pop()
    while shown and not shown[0].strip(" "):
        shown.pop(0)
    return "\n".join(shown)
