"""An action becomes a settlement: batches, jobs, refusals and lost answers."""
