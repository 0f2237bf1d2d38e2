"""The account: procedures, attributes, states and people, as its configuration names them."""
