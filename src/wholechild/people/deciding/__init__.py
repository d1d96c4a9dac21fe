"""Deciding whether two identities are one person: by people, where a machine may not."""
