from securechat.identity.types import EnvelopeId, MailboxId
from securechat.relay.refusals import Refusals

ALICE, BOB = MailboxId(b"a" * 16), MailboxId(b"b" * 16)
ONE, TWO, THREE = (EnvelopeId(bytes([number]) * 16) for number in (1, 2, 3))


def turns(refusals: Refusals, mailbox: MailboxId = ALICE) -> list[EnvelopeId]:
    return [each for each in (ONE, TWO, THREE) if refusals.is_turn_of(mailbox, each)]


def test_without_a_refusal_it_is_everybodys_turn() -> None:
    assert turns(Refusals()) == [ONE, TWO, THREE]


def test_refused_envelopes_come_again_in_their_order() -> None:
    refusals = Refusals()
    for rank, each in enumerate((TWO, ONE, TWO)):
        refusals.add(ALICE, each, rank)
    assert refusals.count == 2
    assert turns(refusals) == [TWO]
    refusals.remove(ALICE, TWO)
    assert turns(refusals) == [ONE]
    refusals.remove(ALICE, ONE)
    assert turns(refusals) == [ONE, TWO, THREE]
    assert refusals.count == 0
    assert refusals.rank_of(ALICE, TWO) is None


def test_what_is_refused_again_after_it_was_taken_has_its_old_place() -> None:
    refusals = Refusals()
    for rank, each in enumerate((ONE, TWO, THREE), 1):
        refusals.add(ALICE, each, rank)
    assert [refusals.rank_of(ALICE, each) for each in (ONE, TWO, THREE)] == [1, 2, 3]
    refusals.remove(ALICE, ONE)
    refusals.remove(ALICE, TWO)
    assert turns(refusals) == [THREE]
    refusals.add(ALICE, ONE, 1)
    assert turns(refusals) == [ONE]
    refusals.add(ALICE, TWO, 2)
    refusals.remove(ALICE, ONE)
    assert turns(refusals) == [TWO]


def test_mailboxes_are_kept_apart() -> None:
    refusals = Refusals()
    refusals.add(ALICE, ONE, 1)
    assert turns(refusals, BOB) == [ONE, TWO, THREE]
    refusals.add(BOB, TWO, 2)
    refusals.remove(ALICE, ONE)
    assert turns(refusals, BOB) == [TWO]


def test_removing_what_was_never_refused_changes_nothing() -> None:
    refusals = Refusals()
    refusals.remove(ALICE, ONE)
    refusals.add(ALICE, ONE, 1)
    refusals.remove(ALICE, TWO)
    assert turns(refusals) == [ONE]
    assert refusals.count == 1
