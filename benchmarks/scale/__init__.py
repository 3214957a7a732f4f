"""Whether the cost of a request grows with the number of orders: the same requests on a small and a large database."""
