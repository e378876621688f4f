"""What is printed: the sign behind which the courier's page is, cards for couriers and for residents."""
