"""How a second Python process is started so that it runs nothing but what this one could import.

`python -m` puts the current folder first on the path: a stranger's `json.py` there would be run,
with all that the environment holds. So the process is isolated (`-I`: neither the folder, nor
PYTHONPATH and its kin, nor the user's site), is then given this process's own path without the
current folder, and an environment of a few variables that hold no secret. Our own packages come
from where this process has them (a checkout, an archive), whatever else lies there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OWN: Final = ("chakra_api", "tap_chakra")
"""The packages of ours that the process needs; further ones are not found where they are."""
_KEPT: Final = frozenset(
    {"LANG", "LANGUAGE", "TZ", "PYTHONTZPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}
)
"""Variables that the process gets, beside those of the locale: where Python's own parts lie."""
_BOOT: Final = """
import os, sys
from importlib.machinery import PathFinder
module, answers, own, root, *path = sys.argv[1:]
class Own:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [root]) if name in own.split() else None
sys.meta_path.insert(0, Own)
sys.path[:] = path
try:
    import importlib
    main = importlib.import_module(module).main
except BaseException as error:
    os.write(int(answers), f"{type(error).__name__}, {error}".encode(errors="replace"))
    os._exit(1)
main(int(answers))
"""


def command_of(module: str, answers: int) -> list[str]:
    """The command that runs a module's `main` in a process of its own.

    Args:
        module: The name of a module of ours.
        answers: The open file that `main` is given; why it can't be run is written there, too.

    Raises:
        OSError: It is not known which Python runs this process.
    """
    if not sys.executable:
        raise OSError("the Python that runs this process is not known")
    root = Path(__file__).absolute().parents[2]
    flags = ["-I", "-B"] if sys.dont_write_bytecode else ["-I"]
    given = [module, str(answers), " ".join(_OWN), str(root), *path_of(sys.path)]
    return [sys.executable, *flags, "-c", _BOOT, *given]


def path_of(entries: Sequence[str]) -> list[str]:
    """A path without the current folder, under whichever name, and without relative entries.

    But with the folder that this process has its packages from, though somebody stands in it.
    """
    return [
        each
        for each in entries
        if Path(each).is_absolute() and (not _is_here(each) or _is_installed(each))
    ]


def _is_installed(folder: str) -> bool:
    """Whether a package that we depend on was imported from there, as one: all may be there."""
    try:
        return Path(orjson.__file__).parents[1].samefile(folder)
    except OSError:  # from an archive
        return False


def _is_here(folder: str) -> bool:
    try:
        return Path(folder).samefile(Path.cwd())
    except OSError:  # one of the two is gone
        return False


def environment_of(variables: Mapping[str, str]) -> dict[str, str]:
    """Those variables that the process needs; none that may hold a secret."""
    return {
        name: value for name, value in variables.items() if name in _KEPT or name.startswith("LC_")
    }
