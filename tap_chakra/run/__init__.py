"""One run of one procedure: what to read, what to emit, and what STATE says then."""
