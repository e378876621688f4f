"""What can be broken in a simulated cabinet, and what each fault does."""
