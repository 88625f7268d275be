"""Search the design space of multi-task learning."""
