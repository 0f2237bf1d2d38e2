"""ChakraHQ's endpoints, one method each: what is asked, and what an answer holds."""
