"""Channel statistics: dead, constant, duplicate, correlated; sensor contribution."""
