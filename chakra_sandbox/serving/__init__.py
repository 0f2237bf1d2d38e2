"""The server process: the API on one port, and the door by which tests turn its knobs."""
