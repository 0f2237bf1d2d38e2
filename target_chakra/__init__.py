"""Writes ChakraHQ: makes it agree with rows from any source, through the bulk APIs."""


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - half of the time of a start

        return version("chakra-connectors")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
