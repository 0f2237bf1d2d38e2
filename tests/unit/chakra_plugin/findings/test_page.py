"""The page of a doctor, for a person and for a script."""

from __future__ import annotations

import json

from chakra_api.exit_codes import ExitCode
from chakra_plugin.findings.comparison import Difference
from chakra_plugin.findings.finding import Finding, Severity
from chakra_plugin.findings.page import WIDTH, Page, Since, page_json, page_lines

LONG = "What is assigned to others is missing without any sign " * 6
FINDINGS = (
    Finding("order of lists", "by createdAt", "nothing to do", about="lead", fact="ascending"),
    Finding("order of lists", "by nothing known", LONG, "concurrency", Severity.NOTE, "ticket"),
    Finding("users", "not listed (403)", "", "api_key", Severity.FAULT, code=ExitCode.NO_ACCESS),
)
SINCE = Since(1_793_577_600_000, (Difference("order of lists", "lead", "unstable", "ascending"),))
PAGE = Page("ChakraHQ at https://x", 1_796_000_000_000, FINDINGS, 7, 1.25, SINCE, ("rows of 'x'",))


def test_each_line_says_severity_topic_what_it_is_about_and_what_follows() -> None:
    lines = list(page_lines(PAGE))
    assert lines[0] == "ChakraHQ at https://x, 2026-11-30T00:53:20.000Z"
    said = "\n".join(" ".join(line.split()) for line in lines)
    assert "ok order of lists lead: by createdAt\n-> nothing to do" in said
    assert "note ticket: by nothing known" in said
    assert "fault users not listed (403)\n-> (setting: api_key)" in said
    assert "Left out: rows of 'x'" in said
    assert "Since 2026-11-02: order of lists of lead was unstable, is ascending" in said
    assert said.endswith("1 ok, 1 note, 1 fault; 7 requests in 1.2 s")


def test_no_line_is_too_long_and_no_word_is_lost() -> None:
    lines = list(page_lines(PAGE))
    assert max(map(len, lines)) <= WIDTH
    assert LONG.strip() in " ".join(" ".join(lines).split())


def test_a_look_after_which_nothing_has_changed_says_so() -> None:
    page = Page("x", 1_796_000_000_000, (), 1, 0.1, Since(SINCE.at, ()))
    assert "Since 2026-11-02 nothing has changed." in list(page_lines(page))


def test_json_is_one_object_in_one_line_with_every_field() -> None:
    text = page_json(PAGE)
    assert "\n" not in text
    page = json.loads(text)
    assert page["findings"][2] == {
        "topic": "users",
        "found": "not listed (403)",
        "follows": "",
        "setting": "api_key",
        "severity": "fault",
        "about": "",
        "fact": "",
        "code": 4,
    }
    assert page["since"]["differences"][0]["before"] == "unstable"
    assert (page["requests"], page["looked_at"]) == (7, 1_796_000_000_000)


def test_procedures_of_which_the_same_is_found_have_one_line_where_all_is_well() -> None:
    alike = tuple(Finding("keys", f"{n} rows", about=f"p{n}", fact="unique") for n in range(6))
    odd = [
        Finding("keys", "3 share theirs", "", "", Severity.WARNING, "p9", "unique") for _ in "ab"
    ]
    page = Page("x", 1_796_000_000_000, (*alike, *odd), 1, 0.1)
    said = [" ".join(line.split()) for line in page_lines(page)]
    assert "ok keys p0, p1, p2, p3 and 2 more: unique" in said
    assert said.count("warning p9: 3 share theirs") == 2
    assert said[-1] == "6 ok, 2 warning; 1 request in 0.1 s"
    assert len(json.loads(page_json(page))["findings"]) == 8
