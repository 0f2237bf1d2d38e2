"""A ChakraHQ of our own: a server on loopback that speaks the API of the contract.

The rules (`world.py` and what it imports) are free of I/O and clocks: a request and a time go in,
an answer comes out. The room `serving` puts them on a port; `launch.py` starts them as a child.
"""


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - half of the time of a start

        return version("chakra-connectors")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
