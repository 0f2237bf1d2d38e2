"""What is kept of a run for those who look at it later: bounded, and without a value of a row."""
