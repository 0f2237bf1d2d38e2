"""Mappings of streams whose rows each ask for one call, as their user says them."""
