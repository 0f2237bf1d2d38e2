"""A ChakraHQ of our own, served on loopback for demos, tests, benchmarks and users without an account."""
