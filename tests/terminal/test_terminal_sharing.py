"""A program that has the terminal, and signals for who lent it."""

import subprocess
import sys
from pathlib import Path

from tests.processes import FAILURE_S

LENDS = """
import signal, sys, threading
from pathlib import Path
from securechat.faces.screen.widgets.terminal_sharing import run_program

begun = Path(sys.argv[1])
program = f"import time; open({str(begun)!r}, 'w').close(); time.sleep(60)"

def take_the_signal():
    while not begun.exists():
        pass
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
threading.Thread(target=take_the_signal, daemon=True).start()
run_program([sys.executable, "-c", program])
"""


def test_a_signal_that_the_system_gives_to_another_thread_is_passed_on(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", LENDS, tmp_path / "begun"], timeout=FAILURE_S)
    assert ended.returncode == 7
