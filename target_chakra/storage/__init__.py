"""Where a journal lies, and who holds it."""
