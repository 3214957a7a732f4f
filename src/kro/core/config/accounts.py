"""How long links, changes of address, closed accounts and copies of data live."""

from kro.core.config.groups import Group, Positive


class AccountSettings(Group):
    link_minutes: Positive
    """How long a link by mail or text may be used, once."""
    change_wait_hours: Positive
    """How long a change of phone or mail waits for the old one to object, where the old one does not agree by code."""
    release_days: Positive
    """How long the phone and the address of a closed account stay taken."""
    erase_days: Positive
    """How long a closed account keeps personal data, as the law on records asks; the ledger stays for ever."""
    invited_days: Positive
    """How long the row of somebody who was invited and never came is kept after its last order ended."""
    exports_per_day: Positive
    export_hours: Positive
    """How long a finished copy of somebody's data is kept."""
