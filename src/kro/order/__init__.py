"""Orders: the agreement between buyer and seller, its conditions and its life."""
