"""The control API under `/_sim` and the pages for people."""
