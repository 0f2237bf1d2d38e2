"""Takes what ChakraHQ calls us with: checks it, keeps it until it was passed on."""
