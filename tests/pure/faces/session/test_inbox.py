"""Events from another thread into an event loop."""

import asyncio
import threading

from securechat.client import events as e
from securechat.faces.session.inbox import Inbox
from tests.pure.faces.sample_events import message, ready


def test_what_came_before_the_loop_is_taken_first_and_in_order() -> None:
    async def take() -> list[list[e.Event]]:
        inbox = Inbox(2)
        for event in (ready(), message("one"), message("two")):
            inbox.put(event)
        inbox.attach()
        return [await inbox.take(), await inbox.take()]

    assert asyncio.run(take()) == [[ready(), message("one")], [message("two")]]


def test_an_event_of_another_thread_wakes_who_waits() -> None:
    async def take() -> list[e.Event]:
        inbox = Inbox(16)
        inbox.attach()
        taking = asyncio.create_task(inbox.take())
        await asyncio.sleep(0)
        thread = threading.Thread(target=inbox.put, args=(ready(),))
        thread.start()
        events = await taking
        thread.join()
        return events

    assert asyncio.run(take()) == [ready()]


def test_an_event_after_the_end_of_the_loop_is_nobodys_fault() -> None:
    async def begin() -> Inbox:
        inbox = Inbox(16)
        inbox.attach()
        return inbox

    asyncio.run(begin()).put(ready())
