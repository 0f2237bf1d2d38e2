"""Other ways to read the same leads, each through its framework's own documented ways.

They run in an environment of their own (`requirements/peers.txt`), so nothing here is imported by
the benchmark: it starts them.
"""
