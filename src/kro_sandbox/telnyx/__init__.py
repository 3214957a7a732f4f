"""Telnyx messaging, version 2."""
