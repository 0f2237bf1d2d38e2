"""What ChakraHQ holds for a key, and when it is believed that it holds nothing."""
