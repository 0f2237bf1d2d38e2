"""What a table says about itself counts exactly where the mapping says nothing."""

from __future__ import annotations

import pytest

from chakra_api.errors import SettingsError
from target_chakra.changes import Mode
from target_chakra.mapping.table_hints import Hints, hinted
from target_chakra.stream_mapping import StreamMapping

SILENT = StreamMapping("leads")


@pytest.mark.parametrize(
    ("hints", "mode"),
    [
        (Hints("append"), Mode.INSERT),
        (Hints("merge"), Mode.UPSERT),
        (Hints("merge", "upsert"), Mode.UPSERT),
        (Hints("merge", "delete-insert"), Mode.UPSERT),
        (Hints("merge", "insert-only"), Mode.INSERT),
    ],
)
def test_the_disposition_becomes_the_mode(hints: Hints, mode: Mode) -> None:
    assert hinted("leads", SILENT, hints).mode is mode


@pytest.mark.parametrize("disposition", ["append", "merge", "replace"])
def test_a_mode_that_the_user_named_counts(disposition: str) -> None:
    mapping = StreamMapping("leads", mode=Mode.MIRROR, names_mode=True)
    assert hinted("leads", mapping, Hints(disposition)).mode is Mode.MIRROR


@pytest.mark.parametrize(
    ("hints", "word"),
    [
        (Hints("replace"), "mirror"),
        (Hints("merge", "scd2"), "scd2"),
        (Hints("merge", keys=("a", "b")), "a and b"),
        (Hints("merge", sorted_by="at"), "dedup_sort"),
    ],
)
def test_what_can_not_be_done_is_refused(hints: Hints, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        hinted("leads", SILENT, hints)


def test_the_key_of_the_table_counts_where_the_mapping_has_none() -> None:
    hints = Hints("merge", keys=("crm",), hard_delete="gone")
    found = hinted("leads", SILENT, hints)
    assert (found.key_column, found.delete_when) == ("crm", "gone")
    mapping = StreamMapping("leads", key_column="lead_id", delete_when="left")
    found = hinted("leads", mapping, Hints("merge", keys=("a", "b"), hard_delete="gone"))
    assert (found.key_column, found.delete_when) == ("lead_id", "left")


def test_the_id_of_rows_that_are_created_is_the_sources_own() -> None:
    assert hinted("leads", SILENT, Hints("append", keys=("id",))).key_column is None
    assert hinted("leads", SILENT, Hints("merge", keys=("id",))).key_column == "id"
