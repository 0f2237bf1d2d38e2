"""The parts of the benchmark: a module each, with one function that measures it."""
