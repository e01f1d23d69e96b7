"""``securechat gen-certs`` as a user meets it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from securechat.cli.gen_certs import gen_certs
from securechat.errors import FileProblem, UsageError
from securechat.identity.types import fingerprint
from securechat.transport.certificate_directory import FILES, load
from securechat.transport.pins import parse_pin, pin_text

ROOT = Path(__file__).parents[2]
app = typer.Typer()
app.command()(gen_certs)

MAIN = """
import sys, typer
from securechat.cli.gen_certs import gen_certs
from securechat.errors import SecureChatError
app = typer.Typer()
app.command()(gen_certs)
try:
    app()
except SecureChatError as error:
    sys.exit(error.exit_status)
"""


def run(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def reported(output, label):
    (line,) = (line for line in output.splitlines() if line.startswith(f"{label}  "))
    return line.removeprefix(label).strip()


def test_the_report_tells_all_that_the_next_steps_need(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("--host", "chat.example.org", "--host", "203.0.113.9")
    certificate = load(Path("certs"), datetime.now(UTC))
    assert result.exit_code == 0
    assert timedelta(days=89) < certificate.not_after - datetime.now(UTC) < timedelta(days=91)
    assert [line.split()[1] for line in result.stdout.splitlines()[:4]] == [
        f"certs/{name}" for name in FILES
    ]
    assert reported(result.stdout, "Fingerprint") == fingerprint(certificate.relay_id)
    assert parse_pin(reported(result.stdout, "Pin")) == certificate.relay_id
    names = reported(result.stdout, "Names").split()
    assert names[:3] == ["chat.example.org", "203.0.113.9", "localhost"]
    assert tuple(names) == certificate.hosts
    assert {"127.0.0.1", "::1"} <= set(names)
    assert "\n  securechat server\n" in result.stdout
    assert "copy certs/ca.pem, but no other file," in result.stdout
    assert "\n  securechat invite\n" in result.stdout


def test_another_directory_is_named_in_the_next_step(tmp_path):
    result = run("--out", tmp_path / "my certs")
    assert f"securechat server --certs '{tmp_path / 'my certs'}'\n" in result.stdout


def test_a_second_run_refuses_and_force_renews_with_the_same_pin(tmp_path):
    first = run("--out", tmp_path / "c")
    with pytest.raises(UsageError) as refusal:
        run("--out", tmp_path / "c")
    assert "--force" in refusal.value.try_next
    second = run("--out", tmp_path / "c", "--force", "--days", "10")
    assert reported(second.stdout, "Pin") == reported(first.stdout, "Pin")
    assert [line for line in second.stdout.splitlines() if line.startswith("Wrote")] == [
        f"Wrote        {tmp_path}/c/server.pem"
    ]
    ends = load(tmp_path / "c", datetime.now(UTC)).not_after
    assert timedelta(days=9) < ends - datetime.now(UTC) < timedelta(days=11)


@pytest.mark.parametrize("days", ["0", "-1", "3651", "x"])
def test_days_that_make_no_sense_are_a_usage_error(tmp_path, days):
    assert run("--out", tmp_path / "c", "--days", days).exit_code == 2
    assert not (tmp_path / "c").exists()


def test_a_bad_host_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError):
        run("--out", tmp_path / "c", "--host", "*.example.org")


def test_a_directory_that_cannot_be_written_is_a_problem_with_a_next_step():
    # root may write everywhere, so the test steps down; pytest's own directories are closed then
    locked = Path(tempfile.mkdtemp())
    locked.chmod(0o555)
    me = os.geteuid()
    try:
        os.seteuid(me or 65534)
        for out in (locked, locked / "below"):
            with pytest.raises(FileProblem, match="Permission denied") as problem:
                run("--out", out)
            assert problem.value.try_next.startswith("ls -ld")
    finally:
        os.seteuid(me)
        locked.rmdir()


def test_importing_the_command_loads_no_cryptography():
    code = "import sys, securechat.cli.gen_certs; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=20).returncode == 0


def command(out, *flags):
    return [sys.executable, "-c", MAIN, "--out", str(out), *flags]


def test_of_processes_at_once_exactly_one_makes_the_files(tmp_path):
    out = tmp_path / "certs"
    running = [
        subprocess.Popen(command(out), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    outputs = [process.communicate(timeout=30)[0] for process in running]
    assert sorted(process.returncode != 0 for process in running) == [False, True, True, True]
    (report,) = filter(None, outputs)
    assert reported(report, "Pin") == pin_text(load(out, datetime.now(UTC)).relay_id)


DIE_AT_COMMIT = """
import os, signal
rename = os.rename
def dying(*arguments):
    if {after}:
        rename(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
os.rename = dying
"""


@pytest.mark.parametrize("after", [False, True])
def test_a_real_kill_at_the_commit_point_is_recovered_from(tmp_path, after):
    out = tmp_path / "certs"
    dying = [sys.executable, "-c", DIE_AT_COMMIT.format(after=after) + MAIN, "--out", str(out)]
    killed = subprocess.run(dying, cwd=ROOT, timeout=30)
    assert killed.returncode == -signal.SIGKILL
    assert not any((out / name).exists() for name in FILES)
    assert run("--out", out).exit_code == 0
    load(out, datetime.now(UTC))
    assert sorted(path.name for path in out.iterdir()) == sorted([".lock", *FILES])


def test_the_script_sets_up_and_hands_over_its_arguments(tmp_path):
    """In a tree with stand-ins for the set-up and the command, at a path with a space."""
    root = tmp_path / "a clone"
    (root / "scripts").mkdir(parents=True)
    (root / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "gen-certs", root / "scripts")
    for path, body in (
        (root / "scripts" / "setup", "echo setup"),
        (root / ".venv" / "bin" / "securechat", 'printf "<%s>" "$@"; exit 7'),
    ):
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    script = [root / "scripts" / "gen-certs", "--host", "two words", ""]
    result = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, timeout=20)
    assert result.stdout == "setup\n<gen-certs><--host><two words><>"
    assert result.returncode == 7
