"""An ordinary area: families who never existed, living at the rates that are published for England."""
