"""A stand-in for Dojah: registers of invented people, asked by number."""
