"""Reading in parallel tasks: the driver plans pieces of one listing, each task reads one."""
