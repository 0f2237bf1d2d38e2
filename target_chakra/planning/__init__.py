"""A change, and what ChakraHQ holds, become an action, a settled row or a reject."""
