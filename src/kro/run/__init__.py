"""Starting things: one process for real deployments, all of them together for development."""
