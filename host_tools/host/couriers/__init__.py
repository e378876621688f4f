"""What couriers, who have no account, may know of a site: room, whether a ticket is good."""
