"""Run a module as a program that reports its own CPU time.

``python -m relaybench.metered CORE MODULE [ARGUMENT]...``: for each line on stdin it prints one
JSON line ``{"event":"cpu","cpu_s":…}``, user and system time of the whole process by now; the end
of stdin ends it with SIGTERM. CORE is the processor to stay on, -1 for any.
"""

import json
import os
import runpy
import signal
import sys
import threading
import time


def report_cpu() -> None:
    """Answer every line of stdin, then end the process."""
    for _ in sys.stdin:
        sys.stdout.write(json.dumps({"event": "cpu", "cpu_s": time.process_time()}) + "\n")
        sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGTERM)


def pin(core: int) -> None:
    """Stay on this processor, where the system can do that; -1 changes nothing."""
    if core >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def main() -> None:
    """Start the meter beside the module."""
    core, module, *arguments = sys.argv[1:]
    pin(int(core))
    threading.Thread(target=report_cpu, daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
