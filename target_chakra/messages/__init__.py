"""WhatsApp messages, one for each row: what they say, whom they go to, and what Meta refuses."""
