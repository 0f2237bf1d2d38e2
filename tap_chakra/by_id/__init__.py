"""Reads processes that are named by their ids, for repair and for events."""
