"""The command line of the sandbox."""

from __future__ import annotations

import argparse
from pathlib import Path

import orjson

from chakra_sandbox.knob_values import KnobError, read_setting
from chakra_sandbox.knobs import KnobDoc, Knobs, knob_docs
from chakra_sandbox.rows.access import DEFAULT_KEY
from chakra_sandbox.rows.load import Source
from chakra_sandbox.rows.made_data import DISTRIBUTIONS

_EXAMPLES = """
examples:
  python -m chakra_sandbox --rows 20000 --port 8765
  python -m chakra_sandbox --rows 1000 --set latency_ms=50 --set list_order=random_stable
  python -m chakra_sandbox --set 'faults=[{"kind": "502", "every_nth": 10}]' --set churn=1
  python -m chakra_sandbox --load contacts.csv.gz --procedure contact --key email

When it is ready it prints one line: {"url": ..., "api_key": ..., "control": ...}. Knobs can be
turned while it runs: PATCH <control>/knobs with {"latency_ms": 100}. Ctrl-C ends it.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m chakra_sandbox`."""
    made = argparse.ArgumentParser(
        prog="python -m chakra_sandbox",
        description="A ChakraHQ on your own machine, to try a pipeline on.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--rows", type=_count, metavar="N", help="made leads; 20000, or only the file with --load"
    )
    made.add_argument("--tickets", type=_count, metavar="N", help="made tickets (rows / 20)")
    made.add_argument("--orders", type=_count, metavar="N", help="made orders (rows / 20)")
    made.add_argument(
        "--load", type=Path, metavar="FILE", help="serve a CSV, JSON lines or parquet"
    )
    made.add_argument(
        "--account", type=Path, metavar="FILE", help="serve the procedures that a JSON describes"
    )
    made.add_argument("--procedure", default="lead", metavar="NAME", help="shortId for --load")
    made.add_argument("--key", metavar="COLUMN", help="primary key of --load; made if not given")
    made.add_argument("--created-column", metavar="COLUMN", help="createdAt of --load")
    made.add_argument("--updated-column", metavar="COLUMN", help="updatedAt of --load")
    made.add_argument("--seed", type=int, default=1, help="of made rows and churn")
    made.add_argument(
        "--distribution",
        choices=DISTRIBUTIONS,
        default="bursts",
        help="of createdAt over a year; sparse: over twelve",
    )
    made.add_argument("--host", default="127.0.0.1", help="to listen on")
    made.add_argument("--port", type=int, default=0, help="0 takes a free one")
    made.add_argument("--port-file", type=Path, metavar="FILE", help="write the port here too")
    made.add_argument("--stop-on-eof", action="store_true", help="end when standard input closes")
    made.add_argument("--api-key", default=DEFAULT_KEY, help="the key that may do everything")
    made.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUE", help="turn a knob; repeatable"
    )
    made.add_argument("--knobs", type=Path, metavar="FILE", help="a JSON object of knobs")
    made.add_argument("--list-knobs", action="store_true", help="print all knobs and end")
    return made


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def knobs_of(arguments: argparse.Namespace) -> Knobs:
    """Read the knobs of a command line: the file first, then each --set.

    Raises:
        KnobError: What is wrong, naming the knob.
    """
    changes: dict[str, object] = {}
    if arguments.knobs is not None:
        try:
            changes.update(orjson.loads(arguments.knobs.read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            raise KnobError(f"--knobs {arguments.knobs}: {error}") from error
    changes.update(read_setting(text) for text in arguments.set)
    return Knobs().change(changes)


def knob_table() -> str:
    """Return what --list-knobs prints."""
    return "\n".join(
        f"{knob.name} = {_shown(knob.default)}\n    {knob.doc}\n    {_takes(knob)}"
        for knob in knob_docs()
    )


def _takes(knob: KnobDoc) -> str:
    return " ".join(("takes", knob.taken.kind, ", ".join(knob.taken.choices))).strip()


def source_of(arguments: argparse.Namespace) -> Source | None:
    """Return what --load and its companions name."""
    if arguments.load is None:
        return None
    return Source(
        path=arguments.load,
        procedure=arguments.procedure,
        key=arguments.key,
        created=arguments.created_column,
        updated=arguments.updated_column,
    )


def _shown(default: object) -> str:
    return orjson.dumps(default).decode()
