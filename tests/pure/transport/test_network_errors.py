"""The words for what goes wrong on the network, where no test can make the system say it."""

import errno
import os

from securechat.errors import SecureChatError
from securechat.transport.endpoint import Endpoint
from securechat.transport.network_errors import cannot_listen


def test_an_address_that_fails_oddly() -> None:
    error = cannot_listen(Endpoint("127.0.0.1", 5555), OSError(errno.EIO, os.strerror(errno.EIO)))
    assert (type(error), error.exit_status) == (SecureChatError, 1)
    assert "Cannot listen on 127.0.0.1:5555" in error.what
    assert error.try_next == "securechat doctor"
