"""A table or query of a warehouse goes to ChakraHQ without a tap between."""
