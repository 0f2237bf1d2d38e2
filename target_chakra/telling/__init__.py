"""What is told of a run that has ended: to people a table, to whoever watches facts."""
