"""KRO Balance: the double-entry ledger, fees and what users see of their money. Knows no provider."""
