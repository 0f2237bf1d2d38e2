"""Files that rows name: below which root they may lie, what they are, how they are opened."""
