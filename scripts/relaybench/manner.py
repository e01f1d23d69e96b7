"""How clients write: what shares a TLS record or a `send`, and when they acknowledge."""

from enum import Enum


class Manner(Enum):
    """How a client writes, as the end of a sentence about it."""

    JOINED = (
        "write what is ready at once with one send, in shared TLS records;"
        " acknowledgements ride along"
    )
    APART = (
        "write what is ready at once with one send, each message in a TLS record of its own;"
        " acknowledgements ride along"
    )
    UNBUFFERED = (
        "write each packet with a send of its own, in a TLS record of its own;"
        " if they acknowledge, then each message at once"
    )
