"""What the journal tells of runs that were, without its lock."""
