"""The courier's page: what the sign at a cabinet leads to."""
