"""Reads ChakraHQ: a Singer tap whose scans are complete under concurrent writes."""
