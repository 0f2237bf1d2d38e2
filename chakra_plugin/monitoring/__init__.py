"""What a run leaves for who watches over it: a receipt, metrics, a notice; no value of a row."""
