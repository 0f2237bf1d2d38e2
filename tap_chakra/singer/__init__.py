"""The Singer adapter: the only room of the tap that imports singer_sdk."""
