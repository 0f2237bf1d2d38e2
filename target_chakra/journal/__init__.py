"""The store of the lifecycle, one part a table."""
