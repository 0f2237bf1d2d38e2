"""Carrying out writing requests: single writes, bulk jobs, and the values that they store."""
