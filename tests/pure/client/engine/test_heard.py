"""What is remembered of the messages that a program waits for."""

from securechat.client import events as ev
from securechat.client.engine.heard import Heard

AT_ONCE_S = 0.001


def test_a_message_that_its_recipient_has_is_delivered_also_when_the_relay_answers_later() -> None:
    heard = Heard()
    for event in (ev.Sent("id", "bob"), ev.Delivered("id", "bob"), ev.Accepted("id", "bob")):
        heard.hear(event)
    heard.wait_for_state("id", ev.DeliveryState.DELIVERED, AT_ONCE_S)
