"""The files of one load share one run, whichever adapter brings them. No dlt in here."""
