"""WhatsApp as ChakraHQ speaks it: templates, messages and their media, and Meta's refusals."""
