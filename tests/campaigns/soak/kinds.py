"""What may go wrong in the simulated weeks, each by a name that switches it on or off."""

from __future__ import annotations

ALL: tuple[str, ...] = (
    "people",
    "schema",
    "faults",
    "kills",
    "disk",
    "lag",
    "unlisted",
    "clock",
    "mirror faults",
    "outage",
    "narrowed",
    "refusals",
    "own order",
    "unknown list",
)
"""The kinds:

| kind | what it is |
|---|---|
| people | insert, edit and delete rows, also while a run is under way |
| schema | attributes come, go and change their type; a procedure comes; keys are enforced or not |
| faults | requests are refused, lost, throttled, spoilt |
| kills | tap, loader and target die at any step |
| disk | the journal's disk is full, or fails to sync |
| lag | lists show the old state of a row for up to 20 seconds |
| unlisted | they show nothing of it, for as long |
| clock | the machine's clock jumps between two runs, by minutes or hours |
| mirror faults | the runs that mirror a table meet all of this; else they go undisturbed |
| outage | a weekend without ChakraHQ |
| narrowed | a full read by a key whose role sees a part of the rows |
| refusals | entries of a job are refused for no reason, one of a hundred |
| own order | entries echo nothing, and come in an order of their own |
| unknown list | judged: rows that are settled are not listed as unknown any more |
"""
