"""Photos of processes: which files a row gives, to whom, under which ids."""
