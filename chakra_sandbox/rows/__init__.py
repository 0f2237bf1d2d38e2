"""What the account holds: procedures, people and rows, made from a seed or loaded from files."""
