"""What people do to a cabinet, and the things that they leave in it."""
