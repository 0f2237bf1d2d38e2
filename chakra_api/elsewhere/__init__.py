"""Addresses that are not ChakraHQ's: none of them is ever sent the key."""
