"""What goes over the wire, shown to who watches it, and written down without any of its values."""
