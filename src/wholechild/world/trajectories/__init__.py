"""Harmful trajectories and their harmless doubles: data, read by one small interpreter, with the truth kept apart."""
