"""What became of each row: counted, stored and told."""
