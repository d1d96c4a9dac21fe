"""How well linking does: what is drawn to be labelled, what labels are held against, and what was found."""
