"""Each attribute type has a column of its Arrow type."""

from __future__ import annotations

import pyarrow as pa
import pytest

from chakra_api.values.attribute_types import BY_NAME, attribute_type
from tap_chakra.tables.columns import column_type


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_type_has_an_arrow_type_that_takes_null(name: str) -> None:
    assert pa.array([None], type=column_type(attribute_type(name).arrow_name)).null_count == 1
