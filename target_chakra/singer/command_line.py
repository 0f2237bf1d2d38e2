"""What the help of the target's command line says."""

HELP = """Write rows to ChakraHQ as a Singer target.

Singer messages come on standard input; STATE goes to standard output once every row before it
is settled, everything else to standard error."""

EPILOG = """Examples:

\b
  tap-postgres --config tap.json --catalog c.json | target-chakra --config config.json
  TARGET_CHAKRA_API_KEY=... target-chakra --input rows.singer
  tap-postgres ... | target-chakra --config config.json --plan plan.parquet
  target-chakra --config config.json runs
  target-chakra --config config.json rejects
  target-chakra --config config.json retry

\b
Exit codes: 0 done, 1 a fault of ours, 2 usage, 3 settings or input, 4 no access,
5 ChakraHQ unreachable, 7 rejects, deletes or messages over the limit, 8 unknown outcomes,
9 stopped in order, 10 the journal can't be used, 11 an audit found differences."""
