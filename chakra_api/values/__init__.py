"""Values of ChakraHQ's attribute types, read from the wire and made for it."""
