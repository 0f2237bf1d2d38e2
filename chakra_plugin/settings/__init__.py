"""Where settings come from, what their texts mean, and how their faults are told."""
