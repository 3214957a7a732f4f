"""Documents people keep: a Typst template and plain data become a PDF."""

from kro.core.printing.printer import Printer, PrinterBusyError

__all__ = ["Printer", "PrinterBusyError"]
