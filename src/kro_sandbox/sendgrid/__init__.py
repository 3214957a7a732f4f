"""SendGrid: `v3/mail/send`."""
