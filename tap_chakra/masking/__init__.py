"""What must not leave in the clear: the setting `mask`, and what becomes of a value under it."""
