"""Linking a whole area, or a nation, at once: the same identities, candidates and weights as people/comparing/, in SQL."""
