"""What docs/monitoring.md shows is what runs write: its alerts, its receipt and its notice."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.outside import documents
from tests.outside.places import ROOT
from tests.support.prometheus import Sample, parsed
from tests.support.tap_process import run as run_tap
from tests.support.target_process import record, schema, settings, write
from tests.support.webhook import receiving

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox

PAGE = ROOT / "docs" / "monitoring.md"
STREAMS = [{"stream": "scores", "procedure": "lead", "key": "lead_id"}]
HOUR = 3600
_RULE = re.compile(
    r"(?P<age>time\(\) - )?(?P<metric>\w+|\{__name__=~\"(?P<pattern>[^\"]+)\"\})"
    r" (?P<sign>>|!=) (?P<bound>\d+(?: \* \d+)?)"
)


@dataclass(frozen=True)
class Told:
    """What runs tell.

    Attributes:
        receipt: Of the target.
        notice: Of the target, its text.
        samples: Of both.
    """

    receipt: dict[str, Any]
    notice: str
    samples: list[Sample]


def rules() -> list[dict[str, Any]]:
    """The alerts of the page."""
    (block,) = documents.blocks(PAGE, "yaml")
    (group,) = yaml.safe_load(block)["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def met(
    rule: dict[str, Any], samples: list[Sample], now: float
) -> tuple[list[Sample], list[Sample]]:
    """The samples that an alert looks at, and those for which it is raised."""
    read = _RULE.fullmatch(rule["expr"])
    assert read is not None, rule["expr"]
    pattern = read["pattern"] or read["metric"]
    looked_at = [each for each in samples if re.fullmatch(pattern, each.name)]
    bound = 1
    for part in read["bound"].split(" * "):
        bound *= int(part)

    def is_raised(sample: Sample) -> bool:
        value = now - sample.value if read["age"] else sample.value
        return value > bound if read["sign"] == ">" else value != bound

    return looked_at, [each for each in looked_at if is_raised(each)]


def raised(samples: list[Sample], now: float) -> set[str]:
    """The names of the alerts that are raised."""
    return {rule["alert"] for rule in rules() if met(rule, samples, now)[1]}


@pytest.fixture(scope="module")
def told(shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What a run of the tap, and one of the target with the rows of the page, tell."""
    folder = tmp_path_factory.mktemp("told")
    with receiving() as receiver:
        account = {"api_key": shared_sandbox.api_key, "api_url": shared_sandbox.url}
        tap = {**account, "procedures": ["lead"], "metrics_path": str(folder / "tap.prom")}
        assert run_tap(folder, tap).code == 0
        config = settings(
            shared_sandbox,
            streams=STREAMS,
            receipt_path=str(folder / "receipt.json"),
            metrics_path=str(folder / "crm.prom"),
            notify_url=receiver.url,
        )
        good = [{"lead_id": f"PAGE-{number}", "score": number} for number in range(15)]
        bad = [{"lead_id": f"PAGE-{number}", "score": "much"} for number in range(15, 20)]
        rows = [record("scores", **row) for row in (*good, *bad)]
        done = write(folder, config, [schema("scores", ["lead_id", "score"]), *rows])
        assert done.code == 7, done.stderr
        (notice,) = receiver.got
    samples = [
        each for name in ("tap", "crm") for each in parsed((folder / f"{name}.prom").read_text())
    ]
    place = f"{folder}/config.json"  # where the page has config.json
    receipt = (folder / "receipt.json").read_text().replace(place, "config.json")
    return Told(json.loads(receipt), notice["text"].replace(place, "config.json"), samples)


def test_each_alert_is_of_a_metric_that_a_run_writes_with_the_labels_that_it_names(
    told: Told,
) -> None:
    ended = max(each.value for each in told.samples if each.name.endswith("_run_timestamp_seconds"))
    for rule in rules():
        looked_at, _ = met(rule, told.samples, ended)
        assert looked_at, rule["expr"]
        labels = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert labels
        assert all(labels <= each.labels.keys() for each in looked_at), rule["alert"]
    assert raised(told.samples, ended) == {"ChakraRunFailed"}
    assert raised(told.samples, ended + 7 * HOUR) == {"ChakraRunFailed", "ChakraNoSuccess"}
    later = raised(told.samples, ended + 25 * HOUR)
    assert later == {"ChakraRunFailed", "ChakraNoSuccess", "ChakraBookmarkBehind"}
    unknown = [Sample("chakra_target_run_unknown", {"pipeline": "crm"}, 1.0)]
    assert raised(unknown, ended) == {"ChakraUnknownRows"}


def test_each_metric_that_the_page_names_in_full_is_written(told: Told) -> None:
    named = set(re.findall(r"`(chakra_\w+)`", PAGE.read_text()))
    assert len(named) > 6
    of_mirrors = {"chakra_target_run_mirror_deletes"}
    assert named - of_mirrors <= {each.name for each in told.samples}


def test_the_receipt_of_the_page_is_what_a_run_leaves(told: Told) -> None:
    shown, *_ = [json.loads(block) for block in documents.blocks(PAGE, "json")]
    varies = ("began", "ended", "seconds", "requests", "jobs", "waited_for_pace")

    def kinds(receipt: dict[str, Any]) -> dict[str, object]:
        """A receipt, with its times and costs by their types alone."""
        return {name: type(each) if name in varies else each for name, each in receipt.items()}

    assert list(shown) == list(told.receipt)
    assert kinds(shown) == kinds(told.receipt)


def test_the_notice_of_the_page_is_what_a_run_sends(told: Told) -> None:
    (shown,) = re.findall(r"^> (target-chakra .*)$", PAGE.read_text(), re.MULTILINE)

    def masked(text: str) -> str:
        """Without the names of pipeline and account, and with the number of the run masked."""
        text = re.sub(r"^target-chakra \([^)]*\)", "target-chakra (…)", text)
        text = text.replace("--config config.json ", "")
        text = text.replace("meltano invoke target-chakra:", "target-chakra ")
        return re.sub(r"--run \d+$", "--run …", text)

    assert masked(told.notice) == masked(shown)
