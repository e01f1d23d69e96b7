"""Finding an envelope in memory again, also where two senders have chosen the same id."""

from securechat.identity.types import EnvelopeId, MailboxId, UserKey
from securechat.relay.index import Index
from securechat.relay.parcel import Parcel
from securechat.relay.queued import Queued

ALICE, BOB, CAROL = (MailboxId(bytes([number]) * 16) for number in (1, 2, 3))
ONE, TWO = (EnvelopeId(bytes([number]) * 16) for number in (8, 9))


def queued(sender: MailboxId, envelope_id: EnvelopeId = ONE) -> Queued:
    return Queued(envelope_id, b"x", 1, Parcel(None, sender, UserKey(bytes(32)), 0.0, 1), 1)


def test_an_envelope_is_found_by_its_id_until_it_is_forgotten() -> None:
    index, entry = Index(), queued(ALICE)
    index.put(entry)
    assert list(index.by_key) == [ONE]
    assert index.find(ALICE, ONE) is entry
    assert index.find(BOB, ONE) is None
    assert index.find(ALICE, TWO) is None
    index.forget(entry)
    assert index.find(ALICE, ONE) is None


def test_two_senders_may_choose_the_same_id() -> None:
    index, of_alice, of_bob = Index(), queued(ALICE), queued(BOB)
    index.put(of_alice)
    assert not index.has_joined
    index.put(of_bob)
    assert index.has_joined
    assert index.find(ALICE, ONE) is of_alice
    assert index.find(BOB, ONE) is of_bob
    assert index.find(CAROL, ONE) is None
    index.forget(of_alice)
    assert index.find(ALICE, ONE) is None
    assert index.find(BOB, ONE) is of_bob
    assert index.has_joined
    index.forget(of_bob)
    assert not index.has_joined


def test_a_younger_copy_takes_the_place_of_an_older_one() -> None:
    index, older, younger = Index(), queued(ALICE), queued(ALICE)
    index.put(older)
    index.put(younger)
    assert not index.has_joined
    assert index.find(ALICE, ONE) is younger
    index.forget(older)
    assert index.find(ALICE, ONE) is younger
    index.forget(younger)
    assert not index.by_key
