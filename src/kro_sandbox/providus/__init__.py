"""Providus Bank: the collection service and the transfer service under `/providus`, and settlement notices."""
