"""What people are told: letters, alarms and the server's own log."""
