"""What tap and target share as commands and as plugins of singer-sdk."""
