"""Reads ChakraHQ: a Singer tap whose scans are complete under concurrent writes."""


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - half of the time of a start

        return version("chakra-connectors")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
