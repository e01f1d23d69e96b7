"""What a changed key holds up, and what the user is told to do about it."""

from securechat.client.names.contacts import Contact
from securechat.client.state.desk import Desk
from securechat.client.state.drafts import Draft
from securechat.errors import KeyChanged, UsageError
from securechat.identity.types import Name, fingerprint
from securechat.text import clip, safe_text

_BEGINNING_COLUMNS = 40
_TEXTS_NAMED = 5


def next_command(changed: Contact, name: str) -> str:
    """Return what to type about the new key of somebody CHANGED."""
    if changed.verified:
        return f"/verify {name}, compare the digits, then /trust {name}"
    return f"ask {name} in another way, then /accept-key {name}"


def refuse_to_write(desk: Desk, name: Name, text: str) -> None:
    """Raise KeyChanged or UsageError when nothing may be written to a person now."""
    contact = desk.contacts.by_name(name)
    if contact is None:
        return
    shown_name = desk.contacts.shown_name(contact)
    if contact.blocked:
        raise UsageError(
            f"{shown_name} is blocked; not sent: {beginning(text)}", f"/unblock {shown_name}"
        )
    if contact.shown is None:
        return
    desk.so_far.withheld += 1
    raise KeyChanged(
        f"The key of {shown_name} has CHANGED; not sent: {beginning(text)}",
        next_command(contact, shown_name),
    )


def give_up_texts(desk: Desk, contact: Contact) -> None:
    """Drop, and tell, what was typed for somebody's old key: it never goes to another one."""
    name = desk.contacts.shown_name(contact)
    why = f"Not sent to {name}, whose key was another when you typed it"
    again = f"/msg {name} and the text once more"
    for text in _forget_drafts(desk, contact):
        desk.report(KeyChanged(f"{why}: {_named(text)}", again), _ends(text))
        desk.so_far.withheld += 1
    for parcel in [p for p in desk.outbox if desk.contacts.by_name(p.recipient) == contact]:
        desk.change(desk.outbox.remove(parcel))
        if parcel.message_id:
            message_id = None if parcel.room else parcel.message_id
            desk.report(KeyChanged(f"{why} (it was sealed already)", again), message_id)
            desk.so_far.withheld += 1


def give_up_drafts(desk: Desk, contact: Contact) -> None:
    """Drop, and tell, what was typed for somebody who is blocked now."""
    name = desk.contacts.shown_name(contact)
    for text in _forget_drafts(desk, contact):
        what = f"Not sent to {name}, who is blocked: {_named(text)}"
        desk.report(UsageError(what, f"/unblock {name}"), _ends(text))


def outcome(desk: Desk, peer: str | None) -> KeyChanged | None:
    """Return the error to end a session with because of changed keys, or None.

    That is: the ``peer`` is CHANGED, or a text was not sent, or waits, because somebody is.
    """
    held = desk.unsent
    if peer is not None and (contact := desk.contacts.find(peer)):
        held.add(contact.name)
    for contact in filter(None, map(desk.contacts.by_name, sorted(held))):
        if contact.shown is not None:
            return _changed(desk, contact)
    if desk.so_far.withheld:
        count = "A text was" if desk.so_far.withheld == 1 else f"{desk.so_far.withheld} texts were"
        return KeyChanged(f"{count} not sent, since a key had CHANGED", "send what still matters")
    return None


def _changed(desk: Desk, contact: Contact) -> KeyChanged:
    name = desk.contacts.shown_name(contact)
    shown = fingerprint(contact.shown.user_key) if contact.shown else ""
    return KeyChanged(
        f"The key of {name} has CHANGED: {fingerprint(contact.user_key)} is pinned, {shown} was"
        f" shown. {name} has begun anew without a backup, or somebody is in between; nothing is"
        f" sent{_held_up(desk, contact)}",
        f"securechat client --peer {name}, and there: {next_command(contact, name)}",
    )


def _held_up(desk: Desk, contact: Contact) -> str:
    """Return a sentence about what was typed for somebody CHANGED before that was known."""
    person = desk.people.find(contact.name)
    texts = [each.text for each in person.drafts if each.is_message] if person else []
    if not texts:
        return ""
    named = [f'"{beginning(text)}"' for text in texts[:_TEXTS_NAMED]]
    more = f", and {len(texts) - len(named)} more" if len(texts) > len(named) else ""
    return f". Not sent, and never to the new key: {', '.join(named)}{more}"


def _forget_drafts(desk: Desk, contact: Contact) -> list[Draft]:
    """Drop all that waits for somebody; return what the user wrote of it."""
    person = desk.people.open(contact.name)
    desk.change({draft.row: None for draft in person.drafts})
    written = [draft for draft in person.drafts if draft.is_said]
    person.drafts.clear()
    return written


def _ends(text: Draft) -> str | None:
    """Return the id of the message that ends with a draft: one in a room goes to the others."""
    return text.message_id.hex() if text.is_message and not text.is_of_room else None


def _named(said: Draft) -> str:
    """Return what tells the user which draft is meant."""
    if said.is_message:
        return beginning(said.text)
    return "a change of a message, or a reaction"


def beginning(text: str) -> str:
    """Return the beginning of an own text, which tells the user which one is meant."""
    return clip(safe_text(text), _BEGINNING_COLUMNS)
