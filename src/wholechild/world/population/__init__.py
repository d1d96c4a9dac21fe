"""A whole population as six agencies write it down: identities to link, and the truth about them apart."""
