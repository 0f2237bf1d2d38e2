"""What was written beside what ChakraHQ holds now."""
