"""What a doctor finds of the target: its journal, its mapping, what ChakraHQ does with writes."""
