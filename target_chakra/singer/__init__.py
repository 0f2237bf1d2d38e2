"""The Singer adapter of the target: its plugin, sinks, input and declared settings."""
