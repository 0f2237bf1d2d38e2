"""`python -m chakra_sandbox`: makes the account, serves it, ends on SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

import orjson

from chakra_sandbox.arguments import knob_table, knobs_of, parser, source_of
from chakra_sandbox.knob_values import KnobError
from chakra_sandbox.rows.access import default_tokens
from chakra_sandbox.rows.account import Account, MadeSizes, Shelf, made_account
from chakra_sandbox.rows.described import described_shelves
from chakra_sandbox.rows.load import load_shelf
from chakra_sandbox.rows.loaded_rows import LoadError
from chakra_sandbox.rows.moments import Span

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_SMALLER = 20
_MADE_ROWS = 20_000
_USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sandbox; returns the exit code."""
    arguments = parser().parse_args(argv)
    if arguments.list_knobs:
        sys.stdout.write(knob_table() + "\n")
        return 0
    try:
        return asyncio.run(_run(arguments))
    except (KnobError, LoadError, OSError) as error:
        sys.stderr.write(f"chakra_sandbox: {error}\n")
        return _USAGE
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"chakra_sandbox needs {error.name}: pip install 'chakra-connectors[sandbox]'\n"
        )
        return _USAGE


def _account(arguments: argparse.Namespace, now_ms: int) -> Account:
    source = source_of(arguments)
    leads = _MADE_ROWS if arguments.rows is None else arguments.rows
    smaller = leads // _SMALLER
    span = Span.before(now_ms)
    sizes = MadeSizes(
        leads=leads,
        tickets=smaller if arguments.tickets is None else arguments.tickets,
        orders=smaller if arguments.orders is None else arguments.orders,
    )
    shelves: dict[str, Shelf] = {}
    if arguments.rows is not None or (source is None and arguments.account is None):
        shelves = made_account(sizes, span, arguments.seed, arguments.distribution)
    if source is not None:
        shelves[source.procedure] = load_shelf(source, span, arguments.seed)
    if arguments.account is not None:
        shelves |= described_shelves(arguments.account, span, arguments.seed)
    return Account(shelves, default_tokens(arguments.api_key))


async def _run(arguments: argparse.Namespace) -> int:
    # Imported here so that --help and a friendly error need no server library.
    from chakra_sandbox.serving.server import Server, now_ms  # noqa: PLC0415
    from chakra_sandbox.world import World  # noqa: PLC0415

    knobs = knobs_of(arguments)
    gc.disable()
    world = World(_account(arguments, now_ms()), knobs, arguments.seed)
    gc.enable()
    # A million rows are not garbage: keep the collector from walking them again and again.
    gc.freeze()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if arguments.stop_on_eof:
        loop.add_reader(sys.stdin.fileno(), _read_input, stopped)
    server = Server(world, arguments.host, arguments.port)
    await server.start()
    _announce(arguments, server.url, server.port)
    await stopped.wait()
    await server.stop()
    return 0


def _read_input(stopped: asyncio.Event) -> None:
    """Drop what comes on standard input; its end is the end of whoever started us."""
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stopped.set()


def _announce(arguments: argparse.Namespace, url: str, port: int) -> None:
    if arguments.port_file is not None:
        arguments.port_file.write_text(f"{port}\n")
    ready = {
        "url": url,
        "api_key": arguments.api_key,
        "control": f"{url}/_sandbox",
        "keys": list(default_tokens(arguments.api_key)),
    }
    sys.stdout.write(orjson.dumps(ready).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
