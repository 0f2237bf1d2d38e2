"""Answers to reading requests: which rows, in what form, and how the configuration is told."""
