"""The main job, to watch: ChakraHQ (a sandbox) to DuckDB through Meltano."""
