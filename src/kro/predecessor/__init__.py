"""Brings the data of the server before this one over: read once, judged whole, written exactly once."""
