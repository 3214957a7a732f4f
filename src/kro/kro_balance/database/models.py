from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Minor, Xid8


class LedgerAccount(Base):
    __tablename__ = "kro_balance"
    __table_args__ = (
        UniqueConstraint("owner_id", "code", "qualifier", "currency", name="uq_kro_balance_code"),
        CheckConstraint("normal IN ('debit', 'credit')", name="normal"),
        CheckConstraint("allow_negative OR balance >= 0", name="not_negative"),
        CheckConstraint("tracked OR balance = 0", name="untracked"),
        CheckConstraint("code <> 'user_receivable' OR balance >= 0", name="debt"),
        # Not on the balance: one that an index looks at cannot be changed in place.
        Index("ix_kro_balance_receivable", "owner_id", postgresql_where=text("code = 'user_receivable'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    owner_id: Mapped[UUID]
    qualifier: Mapped[str]
    currency: Mapped[str]
    normal: Mapped[str]
    tracked: Mapped[bool]
    allow_negative: Mapped[bool]
    balance: Mapped[int] = mapped_column(Minor, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerJournal(Base):
    __tablename__ = "ledger_journals"
    __table_args__ = (
        UniqueConstraint("kind", "source_type", "source_id", name="uq_ledger_journals_source"),
        UniqueConstraint("provider", "external_ref", "kind", name="uq_ledger_journals_external"),
        Index("ix_ledger_journals_recorded_at", "recorded_at", postgresql_using="brin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    source_type: Mapped[str]
    source_id: Mapped[UUID]
    provider: Mapped[str | None]
    external_ref: Mapped[str | None]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    request_id: Mapped[str | None]
    actor: Mapped[str]
    reverses_journal_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_journals.id"), unique=True)
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))


class LedgerEntry(Base):
    """One side of a journal; parted by the month of its journal's id."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        PrimaryKeyConstraint("journal_id", "id"),
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_ledger_entries_account_id_id", "account_id", "id"),
        {"postgresql_partition_by": "RANGE (journal_id)"},
    )

    id: Mapped[int] = mapped_column(Minor, Identity(always=True))
    journal_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_journals.id"))
    account_id: Mapped[UUID]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Minor)


class LedgerRollup(Base):
    """What an account's entries up to one of them sum to; see ``roll_up_ledger``."""

    __tablename__ = "ledger_rollups"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("kro_balance.id"), primary_key=True)
    through_id: Mapped[int] = mapped_column(Minor, primary_key=True, autoincrement=False)
    total: Mapped[int] = mapped_column(Minor)
    recorded_through: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerRollupMark(Base):
    """The newest entry that a roll-up has seen, and the transaction that saw it."""

    __tablename__ = "ledger_rollup_mark"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    through_id: Mapped[int] = mapped_column(Minor)
    xid: Mapped[int] = mapped_column(Xid8)


class BalanceLine(Base):
    """One movement of a user's spendable balance, positive for money in, and the balance after it."""

    __tablename__ = "balance_lines"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_balance_lines_kind", "account_id", "kind", "at", "entry_id"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("kro_balance.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(Minor, primary_key=True, autoincrement=False)
    journal_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_journals.id"))
    kind: Mapped[str]
    amount: Mapped[int] = mapped_column(Minor)
    balance_after: Mapped[int] = mapped_column(Minor)


class FeeConfiguration(Base):
    __tablename__ = "fee_configuration"
    __table_args__ = (
        CheckConstraint("percent_bps BETWEEN 0 AND 10000", name="percent_bps"),
        CheckConstraint("minimum >= 0", name="minimum"),
        CheckConstraint("cap >= minimum", name="cap"),
        CheckConstraint("effective_to > effective_from", name="period"),
        CheckConstraint("amount_from >= 0", name="amount_from"),
        CheckConstraint("amount_to > amount_from", name="amounts"),
        CheckConstraint("promo_code ~ '^[A-Z0-9-]{3,20}$'", name="promo_code"),
        Index("ix_fee_configuration_currency", "currency", "effective_from"),
        Index("ix_fee_configuration_created_at_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_type: Mapped[str | None]
    currency: Mapped[str]
    percent_bps: Mapped[int]
    minimum: Mapped[int] = mapped_column(Minor)
    cap: Mapped[int | None] = mapped_column(Minor)
    effective_from: Mapped[datetime]
    effective_to: Mapped[datetime | None]
    amount_from: Mapped[int] = mapped_column(Minor, server_default=text("0"))
    amount_to: Mapped[int | None] = mapped_column(Minor)
    promo_code: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    withdrawn_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    reason: Mapped[str | None]


class TaxRule(Base):
    __tablename__ = "tax_rules"
    __table_args__ = (
        CheckConstraint("kind IN ('vat', 'stamp_duty')", name="kind"),
        CheckConstraint("rate_bps BETWEEN 0 AND 10000", name="rate_bps"),
        CheckConstraint("fixed_minor >= 0", name="fixed_minor"),
        CheckConstraint("threshold_minor >= 0", name="threshold_minor"),
        CheckConstraint(
            "CASE kind WHEN 'vat' THEN rate_bps IS NOT NULL AND fixed_minor IS NULL"
            " ELSE num_nonnulls(rate_bps, fixed_minor) = 1 END",
            name="amount",
        ),
        CheckConstraint("effective_to > effective_from", name="period"),
        Index("ix_tax_rules_created_at_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    currency: Mapped[str]
    rate_bps: Mapped[int | None]
    fixed_minor: Mapped[int | None] = mapped_column(Minor)
    threshold_minor: Mapped[int] = mapped_column(Minor)
    effective_from: Mapped[datetime]
    effective_to: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    withdrawn_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    reason: Mapped[str | None]


class FeeQuote(Base):
    __tablename__ = "fee_quotes"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    order_type: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Minor)
    buyer_share_bps: Mapped[int]
    fee_buyer: Mapped[int] = mapped_column(Minor)
    fee_seller: Mapped[int] = mapped_column(Minor)
    vat_buyer: Mapped[int] = mapped_column(Minor)
    vat_seller: Mapped[int] = mapped_column(Minor)
    basis: Mapped[dict[str, Any]] = mapped_column()
    expires_at: Mapped[datetime]
    promo_code: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
