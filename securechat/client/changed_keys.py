"""What a changed key holds up, and what the user is told to do about it."""

from securechat.client.contacts import Contact
from securechat.client.desk import Desk
from securechat.client.drafts import Draft
from securechat.errors import KeyChanged, UsageError
from securechat.identity.types import Name, RoomId, fingerprint
from securechat.text import clip, safe_text

_BEGINNING_COLUMNS = 40


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
    for draft in filter(_is_message, desk.people.open(contact.name).drafts):
        error = KeyChanged(f"{why}: {beginning(draft.text)}", again)
        desk.report(error, _end_of(draft.message_id.hex(), draft.room))
        desk.so_far.withheld += 1
    _forget_drafts(desk, contact)
    for parcel in [p for p in desk.outbox if desk.contacts.by_name(p.recipient) == contact]:
        desk.change(desk.outbox.remove(parcel))
        if parcel.message_id:
            error = KeyChanged(f"{why} (it was sealed already)", again)
            desk.report(error, _end_of(parcel.message_id, parcel.room))
            desk.so_far.withheld += 1


def give_up_drafts(desk: Desk, contact: Contact) -> None:
    """Drop, and tell, what was typed for somebody who is blocked now."""
    name = desk.contacts.shown_name(contact)
    for draft in filter(_is_message, desk.people.open(contact.name).drafts):
        error = UsageError(
            f"Not sent to {name}, who is blocked: {beginning(draft.text)}", f"/unblock {name}"
        )
        desk.report(error, _end_of(draft.message_id.hex(), draft.room))
    _forget_drafts(desk, contact)


def outcome(desk: Desk, peer: str | None) -> KeyChanged | None:
    """Return the error to end a session with because of changed keys, or None.

    That is: the ``peer`` is CHANGED, or a text was not sent, or waits, because somebody is.
    """
    held = desk.unsent
    if peer is not None and (contact := desk.contacts.find(peer)):
        held.add(contact.name)
    for contact in filter(None, map(desk.contacts.by_name, sorted(held))):
        if contact.shown is not None:
            return _changed(contact, desk.contacts.shown_name(contact))
    if desk.so_far.withheld:
        count = "A text was" if desk.so_far.withheld == 1 else f"{desk.so_far.withheld} texts were"
        return KeyChanged(f"{count} not sent, since a key had CHANGED", "send what still matters")
    return None


def _changed(contact: Contact, name: str) -> KeyChanged:
    shown = fingerprint(contact.shown.user_key) if contact.shown else ""
    return KeyChanged(
        f"The key of {name} has CHANGED: {fingerprint(contact.user_key)} is pinned, {shown} was"
        f" shown. {name} has begun anew without a backup, or somebody is in between; nothing is"
        " sent",
        f"securechat client --peer {name}, and there: {next_command(contact, name)}",
    )


def _is_message(draft: Draft) -> bool:
    return draft.is_message


def _end_of(message_id: str, room: RoomId) -> str | None:
    """Return the id of what has failed with this: a post in a room goes on to the others."""
    return None if room else message_id


def _forget_drafts(desk: Desk, contact: Contact) -> None:
    person = desk.people.open(contact.name)
    desk.change({draft.row: None for draft in person.drafts})
    person.drafts.clear()


def beginning(text: str) -> str:
    """Return the beginning of an own text, which tells the user which one is meant."""
    return clip(safe_text(text), _BEGINNING_COLUMNS)
