"""What a run leaves behind to be looked at, and the page that is made of it."""
