"""Streams that are closed or full change nothing but what can be seen of a run."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import logging, os, sys
from chakra_plugin.standard_streams import prepare_streams
prepare_streams()
opened = os.open(os.devnull, os.O_RDONLY)
logging.basicConfig()
logging.error("l\\u00f6st")
print("x" * 100_000, file=sys.stderr, flush=True)
if sys.stdout is not None:
    print("\\u00fcber \\ud83d", flush=True)
    sys.stdout.write(str(sys.stderr.encoding))
os.abort() if opened < 3 else os._exit(7)
"""


@pytest.mark.parametrize(
    "how",
    ["2>&-", "2>/dev/full", "2> >(true)", "0<&- 2>&-", "1>&-", "0<&- 1>&- 2>&-", "2>/dev/null"],
)
def test_a_stream_that_takes_nothing_is_no_reason_to_end(how: str) -> None:
    command = ["bash", "-c", f'sleep 0.1; exec "$0" -c "$1" {how}', sys.executable, PROGRAM]
    env = {"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(command, stdout=subprocess.PIPE, env=env, timeout=60, check=False)
    assert done.returncode == 7, "no file got the number of a stream"
    if "1>" not in how:
        assert done.stdout.startswith(b"\xc3\xbcber \\ud83d\n")


SIGNALLED = """
import logging, signal
from chakra_plugin.standard_streams import prepare_streams
prepare_streams()
logging.basicConfig(format="%(message)s")
signal.signal(signal.SIGUSR1, lambda *_: logging.error("stopped"))
logging.error("x" * 1_000_000)
logging.error("last")
"""


def test_a_signal_may_say_something_while_a_line_is_written() -> None:
    """It came in the middle of one, and what the user saw was a traceback of logging."""
    command = [sys.executable, "-c", SIGNALLED]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=env) as running:
        assert running.stderr is not None
        first = running.stderr.read(1)  # it writes; a pipe holds a part of it
        running.send_signal(signal.SIGUSR1)
        said = (first + running.stderr.read()).decode()
    assert running.returncode == 0
    assert "Error" not in said
    assert said.count("x") == 1_000_000
    assert said.count("stopped\n") == 1
    assert said.endswith("\nlast\n")
