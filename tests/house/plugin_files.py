"""Writes plugins/*.yml from meltano.yml: `python -m tests.house.plugin_files`.

The files are what `meltano add --from-ref` takes: the hub's format, one plugin a file. The
project's own meltano.yml stays the one place where a plugin is defined. Loaders and taps of
others have a file, too: what they are pinned to, and the settings without which they lose rows,
reach a project of somebody else's in no other way.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT: Final = Path(__file__).parent.parent.parent
VARIANT: Final = "chakra-connectors"
PIP_URLS: Final = {
    "tap-chakra": "chakra-connectors[postgres,duckdb,webhooks]",
    "target-chakra": "chakra-connectors[postgres,duckdb]",
}
"""What is installed of ours, outside of the checkout; plugins of others are installed as here."""
HEAD: Final = """\
# {label} for Meltano: meltano add {name} --from-ref plugins/{name}.yml
# Made from meltano.yml by `make plugin-files`: change it there.
"""
OF_THE_PROJECT: Final = ("config", "select")
FIRST: Final = ("name", "namespace", "variant", "label", "description", "docs", "repo", "pip_url")


def plugin_files() -> dict[str, str]:
    """The text of each plugin file, by its name below `plugins`."""
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]
    defined = {each["name"]: each for kind in plugins.values() for each in kind}
    return {f"{name}.yml": _text(plugin) for name, plugin in defined.items()}


def _text(plugin: dict[str, Any]) -> str:
    whole = {**plugin, "variant": VARIANT, **_of_ours(plugin["name"])}
    # What is set for the demo is the project's, not the plugin's.
    for name in OF_THE_PROJECT:
        whole.pop(name, None)
    ordered = {name: whole.pop(name) for name in FIRST if name in whole} | whole
    body = yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=1000)
    return HEAD.format(label=plugin["label"], name=plugin["name"]) + body


def _of_ours(name: str) -> dict[str, str]:
    """What only the files of our own plugins say."""
    if name not in PIP_URLS:
        return {}
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    return {
        "docs": urls["Documentation"],
        "repo": urls["Repository"],
        "pip_url": PIP_URLS[name],
    }


def main() -> None:
    """Write the files."""
    folder = ROOT / "plugins"
    folder.mkdir(exist_ok=True)
    for name, text in plugin_files().items():
        (folder / name).write_text(text)
        print(f"wrote plugins/{name}")  # noqa: T201 - a script that reports


if __name__ == "__main__":
    main()
