"""Writes ChakraHQ: makes it agree with rows from any source, through the bulk APIs."""
