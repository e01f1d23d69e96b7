"""The benchmark works: the servers that are here run, each load is delivered, each table comes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
FAILURE_S = 30.0
PATH = os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"))
FOREIGN = {"mosquitto": "mosquitto QoS 1", "nats-server": "nats-server"}
OTHER_LOADS = "W2,W3q,logins,flat,slow,idle"
HERE = [title for program, title in FOREIGN.items() if shutil.which(program, path=PATH)]
SERVERS = ["securechat", "tutorial server", *HERE]
ROW = re.compile(
    r"\| (?P<load>W\dq?): [^|]* \| (?P<server>[^|]+) "
    r"\| (?P<cpu_us>[\d.]+) \([\d.]+–[\d.]+\) "
    r"\| (?P<ratio>[\d.]+) \| (?P<rate>[\d,]+) \| \d+%, \d+% "
    r"\| (?P<p50_ms>[\d.]+) \| (?P<p99_ms>[\d.]+) \|"
)


def start_bench(*options: str) -> "subprocess.Popen[str]":
    """Start a tiny run."""
    return subprocess.Popen(
        [sys.executable, str(SCRIPTS / "bench_relay.py"), "--quick", "--seconds", "0.05", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


def printed(run: "subprocess.Popen[str]") -> list[str]:
    """Return the lines that a run prints."""
    try:
        output, complaints = run.communicate(timeout=FAILURE_S)
    finally:
        run.kill()
    assert run.returncode == 0, complaints
    return output.splitlines()


def cells(lines: list[str], column: str) -> list[list[str]]:
    """Return the rows of the table of which this is a column."""
    head = next(place for place, line in enumerate(lines) if f"| {column} |" in line)
    rows = lines[head + 2 : lines.index("", head)]
    return [row.strip("| ").split(" | ") for row in rows]


def measured(lines: list[str]) -> list[dict[str, str]]:
    """Return the rows of the table of messages."""
    return [match.groupdict() for line in lines if (match := ROW.fullmatch(line))]


@pytest.fixture(scope="module")
def runs() -> tuple[list[str], list[str]]:
    """Return what two runs print that go on at the same time, which is no way to measure."""
    with (
        start_bench("--loads", "W1,W3") as all_servers,
        start_bench(
            "--servers", "securechat", "--manner", "joined", "--loads", OTHER_LOADS
        ) as all_loads,
    ):
        return printed(all_servers), printed(all_loads)


@pytest.fixture
def all_servers(runs: tuple[list[str], list[str]]) -> list[str]:
    return runs[0]


@pytest.fixture
def all_loads(runs: tuple[list[str], list[str]]) -> list[str]:
    return runs[1]


def test_every_server_that_is_here_is_measured(all_servers: list[str]) -> None:
    rows = measured(all_servers)
    assert [(row["load"], row["server"]) for row in rows] == [
        (load, server) for load in ("W1", "W3") for server in SERVERS
    ]
    for row in rows:
        assert float(row["cpu_us"]) > 0
        assert int(row["rate"].replace(",", "")) > 0
        assert float(row["p50_ms"]) <= float(row["p99_ms"])
        assert row["server"] != "securechat" or row["ratio"] == "1.00"


def test_every_server_that_is_missing_is_named(all_servers: list[str]) -> None:
    left_out = [line.partition(" is left out")[0] for line in all_servers if "left out" in line]
    assert sorted((*left_out, *HERE)) == sorted(FOREIGN.values())


def test_everybody_speaks_the_same_tls(all_servers: list[str]) -> None:
    told = " ".join(all_servers[: all_servers.index("")])
    assert " read. TLSv1.3, TLS_AES_128_GCM_SHA256, X25519 for everybody. " in told


def test_it_says_in_which_manner_the_clients_of_each_server_wrote(
    all_servers: list[str], all_loads: list[str]
) -> None:
    told = " ".join(all_servers[: all_servers.index("")])
    joined = " and ".join(each for each in SERVERS if each in ("securechat", "nats-server"))
    others = " and ".join(each for each in SERVERS if each not in ("securechat", "nats-server"))
    assert f" Clients of {joined} write what is ready at once with one send, in shared TLS" in told
    assert f" Clients of {others} write each packet with a send of its own, in a TLS" in told
    told = " ".join(all_loads[: all_loads.index("")])
    assert " Clients write what is ready at once with one send, in shared TLS records; " in told


def test_it_says_which_promises_a_run_has_shown(all_servers: list[str]) -> None:
    told = {row[0]: row[1:] for row in cells(all_servers, "what securechat must show")}
    assert len(told) == 2 * (len(SERVERS) - 1)
    limit, shown, verdict = told["W1: CPU, as a multiple of tutorial server's"]
    assert limit == "at most 0.8"
    assert verdict == ("met" if float(shown) <= 0.8 else "**not met**")


def test_every_load_is_measured(all_loads: list[str]) -> None:
    assert [row["load"] for row in measured(all_loads)] == ["W2", "W3q"]
    assert [row[0] for row in cells(all_loads, "logins/s")] == ["securechat"]
    assert [row[0] for row in cells(all_loads, "p99 : p99")] == ["securechat"]
    assert [row[:2] for row in cells(all_loads, "KiB each")] == [["securechat", "100"]]
    users = cells(all_loads, "connected, of whom 10 talk")
    assert [row[:2] for row in users] == [["10", "securechat"], ["20", "securechat"]]
    told = [row[0].partition(":")[0] for row in cells(all_loads, "what securechat must show")]
    assert told == ["idle", "slow", "flat"]
