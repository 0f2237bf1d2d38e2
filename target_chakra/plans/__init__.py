"""The file of a plan: what a run would do, an action a row, to be read, agreed to and applied."""
