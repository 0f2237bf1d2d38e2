"""The files of photos that rows name: where they lie, how they are fetched, a record of each."""
