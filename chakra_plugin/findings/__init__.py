"""What a doctor found of an account: findings, the page, the file, what changed since."""
