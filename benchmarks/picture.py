"""Draws what was measured; runs in the peers' environment, which has matplotlib.

python benchmarks/picture.py tap.png < measured.json
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

OURS, BARE, OTHER, LIMIT = "#1f5fbf", "#7a7a7a", "#c9ccd1", "#c0392b"
LINES = (OURS, "#2e9e6b", BARE)
MOST_CPU_US, MOST_MB = 30, 100
SHADES = {"0": 1.0, "50": 0.65, "200": 0.35}
"""How dark a bar is, by latency."""


def _colour(name: str) -> str:
    if name.startswith("tap-chakra"):
        return OURS
    return BARE if name == "bare loop" else OTHER


def rates(axes: Axes, measured: Mapping[str, Mapping[str, float]]) -> None:
    """Rows per second of each reader, at each latency."""
    names = list(measured)[::-1]
    height = 0.26
    for place, (latency, shade) in enumerate(SHADES.items()):
        values = [measured[name][latency] for name in names]
        at = [number + (1 - place) * height for number in range(len(names))]
        bars = axes.barh(at, values, height * 0.9, label=f"{latency} ms latency", alpha=shade)
        for bar, name, value in zip(bars, names, values, strict=True):
            bar.set_color(OURS if _colour(name) == OURS else "#444444")
            axes.annotate(
                f" {value:,.0f}", (value, bar.get_y() + height / 2.2), va="center", size=8
            )
    axes.set_yticks(range(len(names)), names)
    axes.set_xlim(right=axes.get_xlim()[1] * 1.1)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("rows per second")
    axes.set_title("Rows per second, dark to light: 0, 50, 200 ms latency")


def cpu(axes: Axes, measured: Mapping[str, float]) -> None:
    """CPU per row of each reader."""
    names = sorted(measured, key=measured.__getitem__, reverse=True)
    values = [measured[name] for name in names]
    bars = axes.barh(names, values, color=[_colour(name) for name in names])
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    axes.bar_label(bars, [f"{value:.0f} µs" for value in values], size=8, padding=4, bbox=box)
    axes.axvline(MOST_CPU_US, color=LIMIT, linestyle="--", linewidth=1)
    axes.annotate(
        f"target {MOST_CPU_US} µs",
        (MOST_CPU_US, 0),
        xytext=(4, -2),
        textcoords="offset points",
        color=LIMIT,
        size=8,
    )
    axes.set_xlim(right=max(values) * 1.15)
    axes.set_xlabel("µs of CPU per row, at 50 ms latency")
    axes.set_title("CPU per row")


def memory(axes: Axes, measured: Mapping[str, float]) -> None:
    """Peak memory by number of rows."""
    bars = axes.bar(list(measured), list(measured.values()), width=0.5, color=OURS)
    axes.bar_label(bars, [f"{value:.0f} MB" for value in measured.values()])
    axes.axhline(MOST_MB, color=LIMIT, linestyle="--", linewidth=1)
    where = {"va": "bottom", "ha": "center"}
    axes.annotate(f"target {MOST_MB} MB", (0.5, MOST_MB), color=LIMIT, size=8, **where)
    axes.set_ylim(top=max(MOST_MB, *measured.values()) * 1.2)
    axes.set_xlabel("rows read")
    axes.set_ylabel("peak memory, MB")
    axes.set_title("Memory")


def pace(axes: Axes, measured: Mapping[str, Any]) -> None:
    """Answered requests in each second, under a limit that is cut and raised again."""
    axes.step(*measured["allowed"], where="post", color=LIMIT, linestyle="--", label="allowed")
    for (name, counts), colour in zip(
        measured["runs"].items(), (OURS, "#2e9e6b", BARE), strict=False
    ):
        axes.plot(counts, color=colour, linewidth=1.2, label=name)
    axes.set_xlabel("seconds")
    axes.set_ylabel("answered requests per second")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, loc="lower right")
    axes.set_title("Under a rate limit")


def main() -> None:
    """Draw the panels that were measured, of four."""
    measured = json.load(sys.stdin)
    figure, ((first, second), (third, fourth)) = plt.subplots(
        2, 2, figsize=(15, 10.5), layout="constrained", width_ratios=(1.35, 1)
    )
    panels = {"rates": (first, rates), "cpu": (second, cpu), "pace": (third, pace)}
    for name, (axes, draw) in {**panels, "memory": (fourth, memory)}.items():
        axes.set_visible(name in measured)
        axes.spines[["top", "right"]].set_visible(False)
        if name in measured:
            draw(axes, measured[name])
    figure.suptitle("tap-chakra beside other readers of the same server", size=15)
    figure.savefig(sys.argv[1], dpi=110)


if __name__ == "__main__":
    main()
