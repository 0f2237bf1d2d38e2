"""What answers tell of the way to ChakraHQ: clock, latency, compression, complaints."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import AnswerLost
from chakra_api.transcripts.watched import Exchange
from chakra_api.wire.transport import Request, Response
from chakra_plugin.findings.finding import Severity
from chakra_plugin.findings.measures import Measures

if TYPE_CHECKING:
    from chakra_plugin.findings.finding import Finding

NOW = 1_796_000_000.25
REQUEST = Request("GET", "/v1/health")
LOOKBACK = 600.0


def exchange(
    *, ahead: float | None = 0.0, at: float = NOW, seconds: float = 0.1, status: int = 200,
    body: bytes = b"{}", **headers: str,
) -> Exchange:  # fmt: skip
    """An answer whose server is so many seconds ahead of us; None for one without a Date."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if ahead is not None:
        named["date"] = formatdate(int(at - seconds / 2 + ahead), usegmt=True)
    return Exchange(REQUEST, Response(status, named, body), None, seconds, at)


def found(topic: str, *exchanges: Exchange) -> Finding:
    measures = Measures()
    for each in exchanges:
        measures.came(each)
    (finding,) = [each for each in measures.findings(LOOKBACK) if each.topic == topic]
    return finding


@pytest.mark.parametrize(
    ("ahead", "said", "severity"),
    [
        (0.0, "agree", Severity.OK),
        (0.9, "agree", Severity.OK),
        (-90.0, "is 90 s behind", Severity.NOTE),
        (300.0, "is 300 s ahead of", Severity.NOTE),
        (7200.0, "is 7,200 s ahead of", Severity.WARNING),
        (None, "no usable Date", Severity.WARNING),
    ],
)
def test_the_clock_of_the_server_is_told_beside_ours(
    ahead: float | None, said: str, severity: Severity
) -> None:
    answers = [exchange(ahead=ahead, at=NOW + number * 0.3) for number in range(8)]
    finding = found("clock", *answers)
    assert said in finding.found
    assert finding.severity is severity


def test_servers_whose_clocks_differ_are_told() -> None:
    finding = found("clock", exchange(ahead=0), exchange(ahead=40))
    assert "disagree about the time by 39 s" in finding.found


def test_latency_is_the_median_and_the_worst_of_what_was_answered() -> None:
    lost = Exchange(REQUEST, None, AnswerLost("gone"), 9.0, NOW)
    finding = found("latency", *(exchange(seconds=s) for s in (0.1, 0.2, 0.6)), lost)
    assert finding.found == (
        "An answer takes 200 ms (median of 3), 600 ms at worst; to 1 request none came in the time"
        " of this look"
    )
    assert finding.severity is Severity.WARNING
    slow = found("latency", exchange(seconds=3.0))
    assert (slow.severity, slow.setting) == (Severity.NOTE, "concurrency")


def test_a_large_answer_that_is_not_compressed_is_told_and_a_small_one_is_not() -> None:
    large = b"x" * 50_000
    assert "50 kB" in found("compression", exchange(body=large)).follows
    packed = exchange(body=large, content_encoding="gzip")
    assert found("compression", packed, exchange()).fact == "compressed"
    assert found("compression", exchange()).fact == ""


def test_complaints_and_headers_of_a_rate_are_told_by_name_alone() -> None:
    finding = found("rate limit", exchange(status=429, x_ratelimit_remaining="71"), exchange())
    assert finding.found == (
        "1 of 2 answers were 429 or 503; headers that tell of a limit: x-ratelimit-remaining"
    )


def test_faults_of_the_server_are_counted_by_status() -> None:
    answers = [exchange(status=status) for status in (200, 502, 502, 500, 503)]
    assert found("failed answers", *answers).found == "3 of 5: 1 x 500, 2 x 502"


def test_a_request_under_way_counts_as_one_that_was_not_answered() -> None:
    measures = Measures()
    for _ in range(3):
        measures.leaves(REQUEST)
    assert [each.found for each in measures.findings(LOOKBACK)] == ["No answer came to 3 requests"]
    measures.came(exchange())
    (latency,) = [each for each in measures.findings(LOOKBACK) if each.topic == "latency"]
    assert "to 2 requests none came" in latency.found
