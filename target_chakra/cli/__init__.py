"""The command line: what an operator asks of a journal and of a run."""
