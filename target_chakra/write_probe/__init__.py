"""Creates, changes and deletes a process of its own, to find out what ChakraHQ does with writes."""
