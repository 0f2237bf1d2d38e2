"""Lists that settings ask for, beside users and the configuration: fetched when they are wanted."""
