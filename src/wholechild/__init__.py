"""One picture of each child, shared across agencies: see docs/explanation/main-path.md."""

__version__ = "0.1.0"
