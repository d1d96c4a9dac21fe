"""The sides of a family's life, each writing what the services of that side would write."""
