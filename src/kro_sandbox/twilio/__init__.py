"""Twilio Programmable Messaging: texts and WhatsApp over one endpoint."""
