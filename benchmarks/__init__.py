"""What `make bench` measures: the tap beside a bare loop and its peers, on one sandbox.

A module for each part (`PARTS` in `__main__.py`), and what they share: `child.py` measures a
process from outside, `readers.py` says how each reader is started, `served.py` watches the sandbox,
`report.py` and `picture.py` write down what came out.
"""
