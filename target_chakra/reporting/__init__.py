"""A run as a page to look at, and as one object of JSON: from what the journal tells of it."""
