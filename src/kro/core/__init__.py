"""Shared providers and plumbing; knows no business module."""
