"""What a user's catalog says and wishes, whatever wrote it: read without singer-sdk."""
