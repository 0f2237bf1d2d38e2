"""The command line beside Singer, a module for each subcommand."""
