"""A row becomes a change: its columns mapped to what ChakraHQ calls them."""
