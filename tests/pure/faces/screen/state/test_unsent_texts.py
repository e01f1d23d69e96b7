"""The texts in the input, by conversation."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from securechat.client import commands as c
from securechat.faces.screen.state.unsent_texts import UnsentTexts


class Table:
    """Texts being typed, at a time that the test sets, and what the engine is asked."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self.asked: list[c.StoreText | c.Composing] = []
        self.texts = UnsentTexts(self.asked.append, lambda: self.now)

    def write(self, *beginnings: str, name: str = "bob", every_s: float = 0.1) -> None:
        for text in beginnings:
            self.now += timedelta(seconds=every_s)
            self.texts.note(name, text)

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            self.texts.tick()

    def take(self, kind: type) -> Sequence[object]:
        found = [each for each in self.asked if isinstance(each, kind)]
        self.asked[:] = [each for each in self.asked if not isinstance(each, kind)]
        return found


def test_a_text_is_stored_a_second_after_its_last_key() -> None:
    table = Table()
    table.write("h", "he", "hey")
    table.texts.tick()
    assert table.take(c.StoreText) == []
    table.wait(3)
    assert table.take(c.StoreText) == [c.StoreText("bob", "hey")]
    assert table.texts.of("BOB") == "hey"


def test_who_types_without_a_pause_loses_little_to_a_crash() -> None:
    table = Table()
    for count in range(1, 60):
        table.write("x" * count)
        table.texts.tick()
    stored = table.take(c.StoreText)
    assert stored == [c.StoreText("bob", "x" * 51)]


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    table = Table()
    table.write("hey")
    table.now -= timedelta(hours=2)
    table.texts.tick()
    assert table.take(c.StoreText) == [c.StoreText("bob", "hey")]
    assert table.take(c.Composing) == [
        c.Composing("bob", active=True),
        c.Composing("bob", active=False),
    ]
    table.write("hey y")
    assert table.take(c.Composing) == [c.Composing("bob", active=True)]


def test_what_was_sent_is_forgotten_at_once() -> None:
    table = Table()
    table.write("hey")
    table.texts.sent("bob")
    assert table.take(c.StoreText) == [c.StoreText("bob", "")]
    assert table.texts.of("bob") == ""
    table.texts.sent("bob")
    assert table.take(c.StoreText) == []


def test_what_was_typed_by_now_is_not_replaced_by_what_was_stored() -> None:
    table = Table()
    table.write("new")
    table.texts.take_stored((("bob", "old"), ("carol", "old")))
    assert (table.texts.of("bob"), table.texts.of("Carol")) == ("new", "old")


def test_others_are_told_that_somebody_types_and_goes_on_and_stops() -> None:
    table = Table()
    table.write(*(["a", "b"] * 20))
    told = table.take(c.Composing)
    assert told == [c.Composing("bob", active=True)] * 4
    table.wait(10)
    assert table.take(c.Composing) == [c.Composing("bob", active=False)]


def test_an_empty_input_and_another_conversation_end_the_typing() -> None:
    table = Table()
    table.write("a", "")
    assert table.take(c.Composing) == [
        c.Composing("bob", active=True),
        c.Composing("bob", active=False),
    ]
    table.write("a")
    table.write("b", name="carol")
    assert table.take(c.Composing) == [
        c.Composing("bob", active=True),
        c.Composing("bob", active=False),
        c.Composing("carol", active=True),
    ]


def test_a_message_says_itself_that_nobody_types_any_more() -> None:
    table = Table()
    table.write("a")
    table.texts.sent("bob")
    table.wait(10)
    assert table.take(c.Composing) == [c.Composing("bob", active=True)]


def test_nobody_is_told_of_a_command() -> None:
    table = Table()
    table.write("/", "/msg carol", "  /block bob")
    assert table.take(c.Composing) == []
    table.write("//not a command", "/me waves")
    assert table.take(c.Composing) == [c.Composing("bob", active=True)]


def test_a_text_follows_the_name_of_its_person() -> None:
    table = Table()
    table.write("hey")
    table.wait(1)
    table.asked.clear()
    table.texts.rename("bob", "Bobby")
    table.texts.store()
    assert (table.texts.of("bob"), table.texts.of("bobby")) == ("", "hey")
    assert table.asked == [c.StoreText("Bobby", "hey")]
    table.texts.rename("bobby", "BOBBY")
    assert table.texts.of("bobby") == "hey"


def test_what_is_typed_while_nobody_is_chosen_is_taken_along_and_not_kept() -> None:
    table = Table()
    table.write("he", "hey", name="")
    table.wait(3)
    assert table.texts.of("") == "hey"
    assert table.asked == []
    table.texts.note("bob", "so: ")
    table.texts.take_along("", "bob")
    assert (table.texts.of(""), table.texts.of("bob")) == ("", "so: hey")
    table.wait(3)
    assert table.take(c.StoreText) == [c.StoreText("bob", "so: hey")]


def kept(table: Table) -> object:
    """Return what the next run would find."""
    table.texts.store()
    stored = table.take(c.StoreText)
    return stored[-1] if stored else None


def test_the_end_in_the_middle_of_an_edit_keeps_what_was_put_aside() -> None:
    table = Table()
    table.write("a draft")
    table.texts.begin_edit("bob", "an old message")
    assert table.texts.of("bob") == "an old message"
    assert kept(table) == c.StoreText("bob", "a draft")
    table.texts.note("bob", "a new wording")
    assert kept(table) == c.StoreText("bob", "a new wording\na draft")
    table.texts.end_edit("bob")
    assert kept(table) == c.StoreText("bob", "a draft")
    table.texts.end_edit("bob")
    assert (table.texts.of("bob"), kept(table)) == ("a draft", None)


def test_an_edit_that_nobody_has_begun_to_write_is_no_draft() -> None:
    table = Table()
    table.texts.begin_edit("bob", "an old message")
    assert kept(table) == c.StoreText("bob", "")
    table.texts.sent("bob")
    assert table.take(c.StoreText) == [c.StoreText("bob", "")]
    table.texts.end_edit("bob")
    assert table.texts.of("bob") == ""


def test_what_is_put_aside_follows_a_new_name() -> None:
    table = Table()
    table.write("a draft")
    table.texts.begin_edit("bob", "an old message")
    table.texts.rename("bob", "bobby")
    assert kept(table) == c.StoreText("bobby", "a draft")
    table.texts.end_edit("bobby")
    assert table.texts.of("bobby") == "a draft"
