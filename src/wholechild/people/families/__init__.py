"""A child's family as it is shown: who belongs to the child, who may share a home, and who says so."""
