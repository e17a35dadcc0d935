"""What pushes: neutral clients that several peers share."""
