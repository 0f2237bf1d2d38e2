"""One call for each row: tasks, messages and the like, each at most once."""
