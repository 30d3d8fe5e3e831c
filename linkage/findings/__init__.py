"""What was found → the tables of a snapshot, explanations included."""
