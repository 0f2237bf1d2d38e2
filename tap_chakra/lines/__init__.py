"""Records become RECORD lines, in this process or in a second one. No singer_sdk here."""
