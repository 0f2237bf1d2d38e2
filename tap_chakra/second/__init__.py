"""What a second Python process is started with, and how the two speak. No singer_sdk here."""
