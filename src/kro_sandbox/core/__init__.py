"""What every stand-in shares: clock, inbox, faults, webhook delivery, control of background work."""
