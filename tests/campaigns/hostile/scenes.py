"""What is asked of a hostile account: by which command, with which settings, and what must hold.

A scene knows what it wants done, and its judge compares that with what the server holds.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.campaigns.hostile.beside import GREETING, PLUGIN, SENDER, VERSION, WABA, content_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.campaigns.hostile.server import Hostile
    from tests.support.in_process import Told

    Judge = Callable[[Told, Hostile], Iterator[str]]
    Settings = Callable[[Hostile, Path], Mapping[str, Any]]

FEW: Final = 6
"""Rows of a procedure, and rows that are to be written."""
WHATSAPP: Final = {"plugin": PLUGIN, "sender": SENDER, "waba_id": WABA, "api_version": VERSION}
UNKNOWN, REJECTS = 8, 7


@dataclass(frozen=True)
class Scene:
    """What is asked of an account.

    Attributes:
        ends: The endpoints of which replies are spoilt.
        judge: What is wrong with how a run ended; of a target, of its second run, too.
        settings: Of the command, beside those that all have.
        streams: Of a tap: those that are read.
        rows: Of a target: what its stream brings. With neither, the client itself is asked.
        is_file: Endpoints that give bytes, and no JSON that could say otherwise.
        goes_elsewhere: Whether another host may be asked, without the key.
    """

    ends: tuple[str, ...]
    judge: Judge
    settings: Settings
    streams: tuple[str, ...] = ()
    rows: Sequence[Mapping[str, Any]] = ()
    is_file: frozenset[str] = frozenset()
    goes_elsewhere: bool = False

    @property
    def command(self) -> str:
        """Who asks: `tap`, `target` or `client`."""
        return "target" if self.rows else "tap" if self.streams else "client"


# What taps read


def _photos_are_whole(told: Told, hostile: Hostile) -> Iterator[str]:
    """A file that a record names is there as it says, and was given as a whole."""
    whole = {content_of(f"ph-{n}") for n in range(FEW)} | hostile.files
    for line in told.lines:
        if line["type"] != "RECORD" or line["stream"] != "photos" or not line["record"]["path"]:
            continue
        record = line["record"]
        body = Path(record["path"]).read_bytes()
        if record["sha256"] != hashlib.sha256(body).hexdigest() or record["bytes"] != len(body):
            yield f"{record['path']} is not what its record says"
        if body not in whole:
            yield f"{record['path']} is none that was given as a whole"
    records = [each for each in told.lines if each["type"] == "RECORD"]
    named = {each["record"]["id"] for each in records if each["stream"] == "photos"}
    read = sum(each["stream"] == "process_lead" for each in records)
    if told.code == 0 and len(named) != read:
        yield f"{read} rows name a photo each, and {len(named)} have a record"


def _templates_are_whole(told: Told, hostile: Hostile) -> Iterator[str]:
    """A list that is called whole is."""
    seen = {
        each["record"]["name"]
        for each in told.lines
        if each["type"] == "RECORD" and each["stream"] == "whatsapp_templates"
    }
    if any(each["type"] == "ACTIVATE_VERSION" for each in told.lines):
        missing = {each["name"] for each in hostile.beside.templates} - seen
        if missing:
            yield f"ACTIVATE_VERSION of whatsapp_templates, without {missing}"


def _named_are_there(told: Told, hostile: Hostile) -> Iterator[str]:
    """Where all is said to be well, each named process came once; and no state moves."""
    seen = [each["record"]["id"] for each in told.lines if each["type"] == "RECORD"]
    if told.code == 0 and sorted(seen) != sorted(hostile.rows):
        yield f"exit code 0 with {len(seen)} of {len(hostile.rows)} named processes"
    if len(seen) != len(set(seen)):
        yield "a process was emitted twice"
    for line in told.lines:
        if line["type"] == "STATE" and line["value"].get("bookmarks", {}).get("process_lead"):
            yield f"the state moved: {line['value']}"


def _jobs_are_whole(told: Told, hostile: Hostile) -> Iterator[str]:
    """Where all is said to be well, each job came once; a known one with as many entries."""
    records = [each for each in told.lines if each["type"] == "RECORD"]
    jobs = [each["record"] for each in records if each["stream"] == "background_jobs"]
    entries = [each["record"] for each in records if each["stream"] == "background_job_entries"]
    if told.code == 0 and sorted(each["id"] for each in jobs) != sorted(hostile.jobs):
        yield f"exit code 0, and the jobs are {[each['id'] for each in jobs]}"
    if len(entries) != len({(each["job"], each["id"]) for each in entries}):
        yield "two entries have one key"
    for job in jobs if told.code == 0 else ():
        there = len([each for each in entries if each["job"] == job["id"]])
        if not job["reason"] and there < len(hostile.jobs.get(job["id"], ())):
            yield f"exit code 0, and entries are missing of {job['id']}"


def _name_jobs(hostile: Hostile, folder: Path) -> Mapping[str, Any]:
    """A file of jobs that were done before."""
    jobs = [hostile.was_written(2) for _ in range(FEW // 2)]
    named = folder / "jobs.txt"
    named.write_text("\n".join(jobs))
    return {"background_jobs": str(named)}


def _name_all(hostile: Hostile, _folder: Path) -> Mapping[str, Any]:
    """Every process is named, and one of them is deleted: no list shows it."""
    next(iter(hostile.rows.values()))["isDeleted"] = True
    return {"process_ids": {"lead": [*hostile.rows]}}


# What targets write


def _calls_are_made_once(told: Told, hostile: Hostile) -> Iterator[str]:
    """None twice; and where all is said to be well each once."""
    made = hostile.beside.made
    yield from (f"{name} was made {count} times" for name, count in made.items() if count > 1)
    if told.code == 0 and made.keys() != {_value(n) for n in range(FEW)}:
        yield f"exit code 0, and made were {sorted(made)}"


def _names_are_written(told: Told, hostile: Hostile) -> Iterator[str]:
    if told.code == 0:
        for user in ("u0", "u1"):
            if hostile.beside.names.get(user, {}).get("firstName") != f"First of {user}":
                yield f"exit code 0, and {user} is {hostile.beside.names.get(user)}"


def _templates_are_written(told: Told, hostile: Hostile) -> Iterator[str]:
    for name in hostile.beside.repeated:
        yield f"{name} was to be created, and is there"
    texts = {each["name"]: each["components"][0]["text"] for each in hostile.beside.templates}
    if told.code == 0 and (texts.get("new_one"), texts["welcome"]) != ("New", "Changed"):
        yield f"exit code 0, and the templates are {texts}"


def _rows_are_written(told: Told, hostile: Hostile) -> Iterator[str]:
    data = [row["data"] for row in hostile.rows.values()]
    keys = [each.get("lead_id") for each in data]
    if len(keys) != len(set(keys)):
        yield f"a row was created twice: {keys}"
    scores = {each.get("lead_id"): each.get("score") for each in data}
    done = scores.get("L-0") == 1_000 and scores.get("new") == 7 and "L-1" not in scores
    if told.code == 0 and not done:
        yield f"exit code 0, and the rows are {scores}"


def _photos_are_given(told: Told, hostile: Hostile) -> Iterator[str]:
    """A process names no photo that is not there, and a row brings one, however often it comes."""
    uploaded = hostile.beside.photos
    # Photos are named by the ids of their processes, which a spoilt list makes up.
    if len(uploaded) > FEW and hostile.endpoint != "list":
        yield f"{FEW} rows brought {len(uploaded)} photos"
    for number in range(FEW):
        found = (row["data"] for row in hostile.rows.values())
        (held,) = (each["picture"] for each in found if each["lead_id"] == f"L-{number}")
        is_given = _shot(number) in uploaded.get(str(held), b"")
        if held != f"ph-{number}" and not is_given:
            yield f"L-{number} names {held}, which its row did not bring"
        if told.code == 0 and not is_given:
            yield f"exit code 0, and L-{number} names {held}"


def _shot(number: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + f"shot {number}".encode()


def _is_sent_once(_told: Told, hostile: Hostile) -> Iterator[str]:
    """A photo without an id of its own: another upload would be another photo."""
    if (times := hostile.beside.uploads["upload"]) > 1:
        yield f"a photo without an id was uploaded {times} times"


def _value(number: int) -> str:
    return f"visit {number}"


def _visits() -> list[dict[str, Any]]:
    """Rows that each ask for a call."""
    return [
        {"visit": _value(n), "lead": f"L-{n}", "mobile": f"+1 555 010 00{n}0"} for n in range(FEW)
    ]


def _writes(mapping: Mapping[str, Any], **more: Any) -> Settings:
    def settings(_hostile: Hostile, _folder: Path) -> Mapping[str, Any]:
        return {"streams": [{"stream": "s", **mapping}], **more}

    return settings


def _sends(mapping: Mapping[str, Any]) -> Settings:
    return _writes({"once_by": "visit", "max_messages": 99, **mapping}, whatsapp=WHATSAPP)


_BY_TEMPLATE: Final = {
    "kind": "whatsapp_template_message",
    "template": GREETING,
    "language": "en",
    "parameters": {"1": "visit"},
}
SCENES: Final[Mapping[str, Scene]] = {
    "photos": Scene(
        ("photo", "photo json", "file"),
        _photos_are_whole,
        lambda _hostile, folder: {"photos": {"to": str(folder / "photos")}},
        streams=("process_lead", "photos"),
        is_file=frozenset({"photo", "file"}),
        goes_elsewhere=True,
    ),
    "listed templates": Scene(
        ("templates",),
        _templates_are_whole,
        lambda _hostile, _folder: {"whatsapp": {"waba_id": WABA}},
        streams=("whatsapp_templates",),
    ),
    "named processes": Scene(
        ("list", "fetch"),
        _named_are_there,
        _name_all,
        streams=("process_lead",),
    ),
    "named jobs": Scene(
        ("job", "entries"),
        _jobs_are_whole,
        _name_jobs,
        streams=("background_jobs", "background_job_entries"),
    ),
    "tasks": Scene(
        ("task",),
        _calls_are_made_once,
        _writes({"kind": "task", "procedure": "lead", "process": "lead", "task": "visit",
                 "once_by": "visit", "fields": {"visit": "data.remarks"}}),
        rows=_visits(),
    ),
    "messages to numbers": Scene(
        ("templates", "send to number"),
        _calls_are_made_once,
        _sends({**_BY_TEMPLATE, "phone": "mobile"}),
        rows=_visits(),
    ),
    "messages for processes": Scene(
        ("send for process",),
        _calls_are_made_once,
        _sends({**_BY_TEMPLATE, "process": "lead", "procedure": "lead"}),
        rows=_visits(),
    ),
    "messages in Meta's form": Scene(
        ("send through",),
        _calls_are_made_once,
        _sends({"kind": "whatsapp_message", "campaign": "c", "phone": "mobile", "text": "visit"}),
        rows=_visits(),
    ),
    "names": Scene(
        ("user", "update user"),
        _names_are_written,
        _writes({"kind": "user", "user": "who", "fields": {"first": "firstName"}}),
        rows=[{"who": each, "first": f"First of {each}"} for each in ("u0", "u1")],
    ),
    "templates": Scene(
        ("templates", "create template", "update template"),
        _templates_are_written,
        _writes({"kind": "whatsapp_template", "name": "name", "language": "language",
                 "category": "category", "components": "components"}, whatsapp=WHATSAPP),
        rows=[
            {"name": name, "language": "en", "category": "UTILITY",
             "components": json.dumps([{"type": "BODY", "text": text}])}
            for name, text in (("new_one", "New"), ("welcome", "Changed"))
        ],
    ),
    "given photos": Scene(
        ("list", "upload as", "update"),
        _photos_are_given,
        _writes({"kind": "photo", "procedure": "lead", "key": "lead", "attribute": "picture",
                 "content": "shot"}),
        rows=[
            {"lead": f"L-{n}", "shot": base64.b64encode(_shot(n)).decode()} for n in range(FEW)
        ],
    ),
    "uploads": Scene(("upload", "upload as", "media"), _is_sent_once, lambda *_: {}),
    "single writes": Scene(
        ("create", "update", "delete"),
        _rows_are_written,
        _writes({"procedure": "lead", "key": "lead_id", "delete_when": "gone"},
                bulk="never", max_deletes=9),
        rows=[
            {"lead_id": "L-0", "score": 1_000, "gone": False},
            {"lead_id": "new", "score": 7, "gone": False},
            {"lead_id": "L-1", "score": 1, "gone": True},
        ],
    ),
}  # fmt: skip
