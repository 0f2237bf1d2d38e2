"""The journal's tables, and how an older journal comes to have them."""
