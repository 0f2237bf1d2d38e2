"""What is told of a run that has ended to whoever watches over it."""
