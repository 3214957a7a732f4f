"""Tables of payments and payouts, what is read from them, and the few single statements beside decisions."""
