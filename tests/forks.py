"""Run tests in processes that are forked when all are collected: ``-p tests.forks --forks N``.

For the pure tests: most take less than what pytest-xdist does for each of them, besides collecting
all once more in each of its processes. What is left of a module's tests when one of them kills its
process is not run; the run ends there.
"""

import multiprocessing
from contextlib import suppress
from itertools import groupby
from multiprocessing.connection import Connection, wait
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

FORKING = multiprocessing.get_context("fork")

Module = list[pytest.Item]
Reports = list[dict[str, Any]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says how many processes run the tests."""
    parser.addoption("--forks", type=int, default=0, metavar="N", help="run in N processes")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Give the modules, the biggest first, to whichever process has nothing to do."""
    config = session.config
    if not config.option.forks or config.option.collectonly or session.testsfailed:
        return None
    modules = [list(items) for _, items in groupby(session.items, lambda item: item.path)]
    modules.sort(key=lambda items: items[0].path.stat().st_size)
    workers = [_start(config, modules) for _ in range(config.option.forks)]
    given: dict[Connection, str] = {}
    while workers:
        for worker in wait(workers):
            try:
                reports = worker.recv()
            except EOFError:
                session.shouldfail = f"a process died in {given[worker]}"
                reports = []
            _log(session, reports)
            if modules:
                given[worker] = str(modules.pop()[0].path)
                worker.send(len(modules))
            else:
                workers.remove(worker)
    return True


def _start(config: pytest.Config, modules: list[Module]) -> Connection:
    """Fork a process; return what it sends reports to, none of the first time, and is asked by."""
    ours, theirs = FORKING.Pipe()
    FORKING.Process(target=_work, args=(config, tuple(modules), theirs), daemon=True).start()
    theirs.close()
    return ours


def _work(config: pytest.Config, modules: tuple[Module, ...], asked: Connection) -> None:
    """Run the modules whose numbers come."""
    recorder = Recorder()
    config.pluginmanager.register(recorder)
    capturing = config.pluginmanager.getplugin("capturemanager")
    capturing.stop_global_capturing()  # into a file that all processes would share
    capturing.start_global_capturing()
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            asked.send(recorder.take())
            items = modules[asked.recv()]
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


class Recorder:
    """Runs each test as pytest does, and keeps what it would report."""

    def __init__(self) -> None:
        self._reports: list[dict[str, Any]] = []

    def take(self) -> Reports:
        """Return the reports since the last time."""
        taken, self._reports = self._reports, []
        return taken

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run a test in place of the implementation that tells the terminal."""
        for report in runtestprotocol(item, log=False, nextitem=nextitem):
            data = item.config.hook.pytest_report_to_serializable(config=item.config, report=report)
            self._reports.append(data)
        return True


def _log(session: pytest.Session, reports: Reports) -> None:
    """Tell of tests as if they had run here, and end the session when that has to be."""
    config, hook = session.config, session.config.hook
    for data in reports:
        report = hook.pytest_report_from_serializable(config=config, data=data)
        if report.when == "setup":
            hook.pytest_runtest_logstart(nodeid=report.nodeid, location=report.location)
        hook.pytest_runtest_logreport(report=report)
        if report.when == "teardown":
            hook.pytest_runtest_logfinish(nodeid=report.nodeid, location=report.location)
        if session.shouldfail:
            break
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
