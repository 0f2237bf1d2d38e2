"""Writing: tasks stage rows, the driver sends them by one run."""
