"""Runs that take no rows of a source, but carry out what is on record: a plan, or a run's undo."""
