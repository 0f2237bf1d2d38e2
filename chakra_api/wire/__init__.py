"""One request over HTTP: sent once, its envelope taken off, its pace and its retries decided."""
