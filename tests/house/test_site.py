"""The site holds every document, each link in it leads somewhere, and its tables say what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from chakra_api.account.account import Procedure
from chakra_sandbox.knobs import knob_docs
from tap_chakra.records.schema import process_schema
from tests.outside import documents
from website import reference
from website.links import faults
from website.reading_ease import ease, sentences, syllables
from website.stage import StageError, pages, rewritten, stage, version
from website.terminal_picture import PICTURE, picture, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent


class _Settings(yaml.SafeLoader):
    """Reads the site's settings; what names Python objects is nothing to a test."""


_Settings.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def named(entries: Any) -> Iterator[str]:
    """Each page of a navigation."""
    if isinstance(entries, str):
        yield entries
    elif isinstance(entries, dict):
        for each in entries.values():
            yield from named(each)
    else:
        for each in entries:
            yield from named(each)


def navigation() -> list[str]:
    text = (ROOT / "website" / "mkdocs.yml").read_text()
    return list(named(yaml.load(text, Loader=_Settings)["nav"]))  # noqa: S506 - a safe loader


def test_each_document_is_in_the_navigation_once(tmp_path: Path) -> None:
    built = {name for name in stage(tmp_path) if name.endswith(".md")}
    listed = {name for name in built if not name.startswith("decisions/0")}
    assert sorted(navigation()) == sorted(listed)
    assert len(built) > 90


def test_each_decision_is_listed(tmp_path: Path) -> None:
    built = [name for name in stage(tmp_path) if name.startswith("decisions/0")]
    text = (tmp_path / "decisions" / "index.md").read_text()
    assert [name for name in built if f"({Path(name).name})" not in text] == []


def test_a_link_stays_leaves_or_is_refused() -> None:
    found = pages()

    def led(link: str) -> str:
        return rewritten("docs/how-to/backfill.md", f"[x]({link})", found)

    assert led("../undo.md#undo") == "[x](../undo.md#undo)"
    assert led("../../CHANGELOG.md") == "[x](../changelog.md)"
    assert led("../../meltano.yml").endswith("/chakra-connectors/blob/main/meltano.yml)")
    assert led("../../plugins").endswith("/chakra-connectors/tree/main/plugins)")
    assert led("https://example.org/a") == "[x](https://example.org/a)"
    with pytest.raises(StageError, match=r"backfill\.md: gone\.md leads to nothing"):
        led("gone.md")
    fenced = "```\n[x](gone.md)\n```"
    assert rewritten("docs/undo.md", fenced, found) == fenced


def test_the_site_says_of_which_version_it_is() -> None:
    assert version("## 0.4.0\n\n## 0.3.0\n") == "Version 0.4.0"
    said = version("## Unreleased\n\nA thing.\n\n## 0.3.0\n")
    assert said == "Version 0.3.0, and what is unreleased"


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ('<a href="b.html#there">', None),
        ('<a href="b.html#gone">', "a.html: b.html#gone leads to no heading"),
        ('<a href="c.html">', "a.html: c.html leads to no file"),
        ('<img src="c.svg">', "a.html: c.svg leads to no file"),
        ('<a href="https://example.org/">', None),
        ('<script src="https://example.org/x.js">', "a.html fetches https://example.org/x.js"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "a.html fetches //example.org"),
        ('<link rel="canonical" href="https://example.org/a">', None),
    ],
)
def test_what_was_built_is_looked_at(tmp_path: Path, html: str, said: str | None) -> None:
    (tmp_path / "a.html").write_text(html)
    (tmp_path / "b.html").write_text('<h2 id="there">')
    found = list(faults(tmp_path))
    assert not found if said is None else found[0].startswith(said)


def test_the_tables_of_the_reference_say_what_the_code_does() -> None:
    different = [path.name for path, text in reference.files().items() if path.read_text() != text]
    assert different == [], "make reference"


def test_each_column_of_the_data_dictionary_says_what_it_holds() -> None:
    page = (reference.FOLDER / "streams.md").read_text()
    columns = re.findall(r"^\| `(\w+)` \| ([^|]*) \| (.*) \|$", page, re.MULTILINE)
    assert len(columns) > 100
    assert [name for name, kind, said in columns if not kind or len(said.split()) < 3] == []
    described = set(re.findall(r"^<!-- made: columns-(\w+) -->$", page, re.MULTILINE))
    assert described == reference.STREAMS.keys()


def test_the_schema_of_a_stream_says_what_each_column_holds() -> None:
    of_processes: Any = process_schema(Procedure("lead", "p1", "Lead"))
    schemas = {**reference.STREAMS, "process_lead": of_processes}
    silent = {
        (stream, name)
        for stream, schema in schemas.items()
        for name, each in schema["properties"].items()
        if not each.get("description")
    }
    assert silent == set()


def test_the_python_api_names_all_that_the_documents_import_of_ours() -> None:
    page = (reference.FOLDER / "python-api.md").read_text()
    shown = "".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    texts = [(ROOT / "docs" / "dlt.md").read_text(), (ROOT / "README.md").read_text()]
    modules = r"(?:tap_chakra\.dlt_source|target_chakra\.dlt_destination|chakra_sandbox\.launch)"
    lines = re.findall(rf"^from {modules} import (.+)$", "\n".join(texts), re.MULTILINE)
    imported = {name.strip() for line in lines for name in line.split(",")}
    called = set(re.findall(r"`(\w+)\(pipeline\)`", texts[0]))
    assert len(imported | called) > 8
    for name in imported | called:
        assert re.search(rf"^(def|class) {name}\b", shown, re.MULTILINE), name
        assert re.search(rf"^::: [\w.]+\.{name}$", page, re.MULTILINE), name


def questions() -> dict[str, str]:
    """The open questions, by their numbers."""
    text = (reference.FOLDER / reference.QUESTIONS).read_text()
    return dict(re.findall(r"^## ([QR]\d+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))


def knobs_of(number: str) -> set[str]:
    """The knobs that name a question."""
    return {each.name for each in knob_docs() if number in re.findall(r"\b[QR]\d+\b", each.doc)}


def test_each_open_question_that_a_knob_names_has_its_words() -> None:
    page = (reference.FOLDER / "sandbox-knobs.md").read_text()
    named_ones = set(re.findall(r"\[([QR]\d+)\]\(open-questions\.md#[qr]\d+\)", page))
    assert len(named_ones) > 40
    assert named_ones <= questions().keys()


def test_the_numbers_of_open_questions_are_those_of_the_contract_and_ours_behind_them() -> None:
    numbers = list(questions())
    ours = len(numbers) - 40
    assert numbers == [
        *(f"Q{number}" for number in range(1, 41)),
        *(f"R{number}" for number in range(1, ours + 1)),
    ]


@pytest.mark.parametrize("number", ["Q6", *(each for each in questions() if each[0] == "R")])
def test_a_question_of_the_rest_names_its_knobs_and_tests_that_turn_them(number: str) -> None:
    played, _, proof = questions()[number].partition("Proof: ")
    played = re.split(r"^(?:Knobs?|No knob): ", played, flags=re.MULTILINE)[1]
    knobs = set(re.findall(r"`([a-z_]+)`", played)) & {each.name for each in knob_docs()}
    tests = "".join((ROOT / each).read_text() for each in re.findall(r"`(tests/[^`]+)`", proof))
    assert knobs_of(number) <= knobs
    assert [each for each in knobs if each not in tests] == []
    if not knobs:
        assert "sandbox.call(" in tests


def test_the_schema_of_mappings_takes_the_mapping_of_the_documents_and_no_misspelled_one() -> None:
    schema = json.loads(reference.SCHEMA.read_text())
    mapping = documents.mapping_of_the_documents()
    jsonschema.validate(mapping, schema)
    with pytest.raises(jsonschema.ValidationError, match="modus"):
        jsonschema.validate([{**mapping[0], "modus": "update"}], schema)


def test_no_picture_of_the_readme_fetches_anything() -> None:
    for path in sorted((ROOT / "docs" / "pictures").glob("*.svg")):
        named_ones = re.findall(r"(?:url\(|href=.|@import|src=.)(?!#)", path.read_text())
        assert named_ones == [], path.name


def test_the_terminal_shows_what_was_said() -> None:
    said = "1. A sandbox\n   listens on http://127.0.0.1:40123\n\nLeads by state\n  New  3\n\n"
    said += "Leads by city\n  goa  1\n\n2. Done <well>\n"
    text = shown(said)
    assert "40123" not in text
    assert "goa" not in text
    assert text.split("\n\n")[1:] == ["Leads by state\n  New  3", "…", "2. Done <well>"]
    drawn = picture(text)
    assert "&lt;well&gt;" in drawn.replace("&#160;", " ")
    assert PICTURE.read_text().count("<text") > 40


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("row", 1),
        ("rows", 1),
        ("wanted", 2),
        ("skipped", 1),
        ("table", 2),
        ("time", 1),
        ("data", 2),
    ],
)
def test_syllables_are_counted(word: str, count: int) -> None:
    assert syllables(word) == count


PAGE = """---
title: A page, and its settings.
---
# A title that ends with a full stop.

The tap reads `id` of all rows,
and [the target](target.md) writes. It stops!

| a table | has no sentences. |
|---|---|

- A label without an end
- Each item that is a sentence counts, e.g. this one.

> So does what is quoted.

```
Not this one.
```
"""


def test_sentences_are_those_of_prose() -> None:
    first = ["The", "tap", "reads", "code", "of", "all", "rows", "and", "the", "target", "writes"]
    assert list(sentences(PAGE)) == [
        first,
        ["It", "stops"],
        ["Each", "item", "that", "is", "a", "sentence", "counts", "e", "g", "this", "one"],
        ["So", "does", "what", "is", "quoted"],
    ]
    found = ease("Rows come. Rows go fast.")
    assert found is not None
    assert found.flesch == pytest.approx(206.835 - 1.015 * 2.5 - 84.6)


def test_our_pages_read_as_easily_as_is_written_down() -> None:
    told = (ROOT / "CONTRIBUTING.md").read_text().partition("## How easily the pages read")[2]
    figures = dict(re.findall(r"^\| ([\w -]+) \| (\d+) \|", told, re.MULTILINE))
    lists = dict(re.findall(r"^- ([\w -]+): (.*?);", told, re.MULTILINE))
    assert len(figures) == 3
    assert {name.lower() for name in lists} == figures.keys()
    for name, pages_of_it in lists.items():
        paths = [ROOT / each for each in re.findall(r"`([^`]+)`", pages_of_it)]
        files = [
            page for path in paths for page in ([path] if path.is_file() else path.glob("*.md"))
        ]
        found = ease(*(page.read_text() for page in files))
        assert found is not None
        # A sentence more or less is no other figure.
        assert found.flesch == pytest.approx(int(figures[name.lower()]), abs=4), name


def test_each_message_that_a_page_names_is_one_of_ours() -> None:
    page = (ROOT / "docs" / "how-to" / "when-something-goes-wrong.md").read_text()
    table = page.partition("## By message")[2].partition("## Rejected")[0]
    messages = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(messages) >= 8
    packages = ("chakra_api", "chakra_plugin", "tap_chakra", "target_chakra")
    sources = [path.read_text() for name in packages for path in (ROOT / name).rglob("*.py")]
    # A text over two lines of a module is one.
    text = re.sub(r'"\s+f?"', "", "\n".join(sources))
    parts = [part.strip() for message in messages for part in message.split("…")]
    assert [part for part in parts if part not in text] == []
