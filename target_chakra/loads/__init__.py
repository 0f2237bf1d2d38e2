"""The files of one load share one run, whatever brings them. No dlt in here."""
