"""`scripts/bench relay`: see `relaybench.command`."""

import os
import sys
from pathlib import Path

TLS_SETTINGS = Path(__file__).parent / "relaybench" / "openssl.cnf"

if __name__ == "__main__":
    os.environ["OPENSSL_CONF"] = str(TLS_SETTINGS)  # read when ssl is imported, so before that

    from relaybench.command import main

    sys.exit(main())
