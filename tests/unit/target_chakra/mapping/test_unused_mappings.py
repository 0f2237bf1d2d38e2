"""A mapping that no stream used is named, with the stream that it may have meant."""

from __future__ import annotations

import pytest

from target_chakra.mapping.unused_mappings import unused_said
from target_chakra.stream_mapping import StreamMapping

CASES = {
    "all are used": (["scores", "*"], ["scores", "notes"], None),
    "a glob that fits": (["marts-*"], ["marts-lead_scores"], None),
    "misspelt": (
        ["lead_score"],
        ["lead_scores", "notes"],
        "the mapping of 'lead_score': no such stream came; 'lead_scores' did",
    ),
    "in another case": (["Scores"], ["scores"], "the mapping of 'Scores': no such stream came; 's"),
    "nothing near": (["zzz"], ["b", "a"], "the mapping of 'zzz': no such stream came (a, b)"),
    "nothing at all": (["zzz"], [], "the mapping of 'zzz': no such stream came (none did)"),
    "behind another": (["*", "scores"], ["scores"], "'scores': an earlier mapping fits"),
}


@pytest.mark.parametrize(("mapped", "came", "said"), CASES.values(), ids=CASES.keys())
def test_what_is_said(mapped: list[str], came: list[str], said: str | None) -> None:
    found = unused_said([StreamMapping(stream=name) for name in mapped], came)
    assert (found is None) == (said is None)
    assert said is None or said in str(found)
    assert "\n" not in str(found)
