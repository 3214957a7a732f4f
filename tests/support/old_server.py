"""A small database as the server before this one left it: TypeORM's habits, and rows that fit nowhere."""

from __future__ import annotations

from typing import Any

import asyncpg
from passlib.hash import bcrypt  # type: ignore[import-untyped] # libpass ships no types

OLD_PASSWORD = "my-old-kettle-sings-7"
OLD_HASH = bcrypt.using(rounds=4).hash(OLD_PASSWORD)
ADA, BOLA, CHIDI = "+2348031234501", "+2348031234502", "+2348031234508"
HELD = 15_201_563

TABLES = """
CREATE TYPE "orders_status_enum" AS ENUM (
    'CREATED', 'ACCEPTED', 'IN_PROGRESS', 'COMPLETED', 'CLOSED', 'DISPUTED', 'REFUNDED', 'LOST');
CREATE TYPE "users_status_enum" AS ENUM ('ACTIVE', 'PENDING', 'SUSPENDED', 'WEIRD');
CREATE TABLE "user_roles" ("id" SERIAL PRIMARY KEY, "name" character varying NOT NULL);
CREATE TABLE "users" (
    "id" SERIAL PRIMARY KEY, "phoneNumber" character varying, "email" character varying,
    "firstName" character varying, "lastName" character varying, "password" character varying,
    "roleId" integer, "status" "users_status_enum" NOT NULL DEFAULT 'ACTIVE',
    "isPhoneVerified" boolean NOT NULL DEFAULT true, "isEmailVerified" boolean NOT NULL DEFAULT false,
    "deletedAt" TIMESTAMP, "createdAt" TIMESTAMP NOT NULL DEFAULT '2025-03-01 09:30:00.125');
CREATE TABLE "kro_balance" (
    "id" SERIAL PRIMARY KEY, "userId" integer, "currency" character varying NOT NULL DEFAULT 'NGN',
    "availableBalance" numeric(18,3), "escrowBalance" numeric(18,2) NOT NULL DEFAULT 0);
CREATE TABLE "orders" (
    "id" SERIAL PRIMARY KEY, "buyerId" integer, "sellerId" integer, "title" character varying,
    "description" text, "currency" character varying NOT NULL DEFAULT 'NGN', "amount" numeric(18,2) NOT NULL,
    "buyerFee" numeric(18,2) NOT NULL DEFAULT 0, "sellerFee" numeric(18,2) NOT NULL DEFAULT 0,
    "buyerVat" numeric(18,2) NOT NULL DEFAULT 0, "sellerVat" numeric(18,2) NOT NULL DEFAULT 0,
    "escrowAmount" numeric(18,2) NOT NULL DEFAULT 0, "status" "orders_status_enum" NOT NULL,
    "completedAt" TIMESTAMP, "closedAt" TIMESTAMP, "createdAt" TIMESTAMP NOT NULL DEFAULT '2026-01-05 10:00:00');
CREATE TABLE "conditions" (
    "id" SERIAL PRIMARY KEY, "orderId" integer, "title" character varying, "status" character varying NOT NULL,
    "amount" numeric(18,2), "position" integer NOT NULL DEFAULT 0);
CREATE TABLE "transactions" (
    "id" SERIAL PRIMARY KEY, "amount" numeric(18,2) NOT NULL, "status" character varying NOT NULL);
INSERT INTO "user_roles" ("id", "name") VALUES (1, 'USER'), (2, 'ADMIN');
"""

FITTING = """
INSERT INTO "users" ("id", "phoneNumber", "email", "firstName", "lastName", "password", "roleId", "isEmailVerified")
VALUES (1, '0803 123 4501', 'Ada@Example.com', 'Ada 🦊', 'Obi', $hash, 1, true),
       (2, '+2348031234502', NULL, 'Bola', NULL, $hash, 1, false),
       (8, '2348031234508', NULL, 'Chidi', 'Eze', NULL, 1, false);
INSERT INTO "kro_balance" ("id", "userId", "availableBalance", "escrowBalance")
VALUES (1, 1, 12345.67, 152015.63), (2, 2, 0.01, 0), (3, 8, 0, 0);
INSERT INTO "orders" ("id", "buyerId", "sellerId", "title", "description", "amount", "buyerFee", "sellerFee",
                      "buyerVat", "sellerVat", "escrowAmount", "status", "completedAt")
VALUES (1, 1, 2, 'Laptop 💻', 'Refurbished', 150000.00, 1875, 1875, 140.63, 140.62, 152015.63, 'COMPLETED',
        '2026-01-20 08:00:00'),
       (3, 1, 2, 'Phone', NULL, 1000.00, 0, 0, 0, 0, 0, 'CLOSED', NULL),
       (7, 2, 1, 'Tyres', NULL, 5000.00, 0, 0, 0, 0, 0, 'CREATED', NULL);
INSERT INTO "conditions" ("orderId", "title", "status", "amount")
VALUES (1, 'Charger included', 'SUBMITTED', NULL), (3, 'As shown', 'FULFILLED', NULL), (7, 'New', 'PENDING', NULL);
INSERT INTO "transactions" ("id", "amount", "status") VALUES (1, 152015.63, 'SUCCESS');
"""

NASTY = """
INSERT INTO "users" ("id", "phoneNumber", "firstName", "lastName", "password", "roleId", "status", "deletedAt")
VALUES (3, '08031234503', 'Twin', 'One', $hash, 1, 'ACTIVE', NULL),
       (4, '+234 803 123 4503', 'Twin', 'Two', $hash, 1, 'ACTIVE', NULL),
       (5, '08031234505', 'Root', 'Admin', $hash, 2, 'ACTIVE', NULL),
       (6, NULL, 'No', 'Phone', $hash, 1, 'ACTIVE', NULL),
       (7, '08031234507', 'Odd', 'Status', $hash, 1, 'WEIRD', NULL),
       (9, '08031234509', 'Gone', 'Away', $hash, 1, 'ACTIVE', '2026-01-01');
INSERT INTO "kro_balance" ("id", "userId", "currency", "availableBalance")
VALUES (4, 3, 'NGN', 100.00), (5, 8, 'USD', -5.00), (6, 1, 'USD', 100.005), (7, 9, 'NGN', 5.00),
       (8, 2, 'XXX', 1.00), (9, 2, 'USD', NULL);
INSERT INTO "orders" ("id", "buyerId", "sellerId", "title", "amount", "escrowAmount", "status")
VALUES (2, 1, 2, 'Short', 1000.00, 999.99, 'IN_PROGRESS'), (4, NULL, 2, 'Nobody buys', 10.00, 10.00, 'IN_PROGRESS'),
       (5, 1, 2, 'Lost', 10.00, 0, 'LOST'), (6, 1, 2, 'Quarrel', 20.00, 20.00, 'DISPUTED'),
       (8, 1, 2, 'Parts', 30.00, 30.00, 'IN_PROGRESS'), (9, 1, 2, 'Bare', 40.00, 40.00, 'IN_PROGRESS'),
       (10, 1, 2, 'Never paid out', 50.00, 50.00, 'CLOSED');
INSERT INTO "conditions" ("id", "orderId", "title", "status", "amount")
VALUES (102, 2, 'Any', 'PENDING', NULL), (108, 8, 'Half', 'PENDING', 20.00), (109, 8, 'Other half', 'PENDING', 20.00),
       (110, 999, 'Of no order', 'PENDING', NULL);
INSERT INTO "transactions" ("id", "amount", "status") VALUES (2, 7.00, 'PENDING');
"""

MONEY_THAT_DOES_NOT_FIT = {
    ("kro_balance", "1"): "held_differs_from_orders",
    ("kro_balance", "4"): "owner_not_imported",
    ("kro_balance", "5"): "negative",
    ("kro_balance", "6"): "not_exact",
    ("kro_balance", "7"): "owner_closed",
    ("kro_balance", "8"): "unknown_currency",
    ("kro_balance", "9"): "missing",
    ("orders", "2"): "held_differs_from_price",
    ("orders", "4"): "missing",
    ("orders", "6"): "contested",
    ("orders", "8"): "conditions_exceed_price",
    ("orders", "9"): "no_conditions",
    ("orders", "10"): "holds_money",
    ("transactions", "2"): "under_way",
}
OTHERWISE_LEFT = {
    ("users", "3"): "phone_not_unique",
    ("users", "4"): "phone_not_unique",
    ("users", "5"): "admin_enrols_anew",
    ("users", "6"): "missing",
    ("users", "7"): "unknown_word",
    ("users", "8"): "missing",
    ("orders", "5"): "unknown_word",
    ("conditions", "110"): "order_unknown",
}


async def fill(dsn: str, *statements: str) -> None:
    """Make the tables and put rows in."""
    connection: Any = await asyncpg.connect(dsn)
    try:
        for statement in (TABLES, *statements):
            await connection.execute(statement.replace("$hash", f"'{OLD_HASH}'"))
    finally:
        await connection.close()


def many(count: int) -> str:
    """Return people with a balance each: 1.01 naira, 2.01 naira and so on."""
    return f"""
    INSERT INTO "users" ("id", "phoneNumber", "firstName", "lastName", "password", "roleId")
    SELECT n, '080312' || lpad((40000 + n)::text, 5, '0'), 'User', n::text, $hash, 1
    FROM generate_series(1001, 1000 + {count}) AS n;
    INSERT INTO "kro_balance" ("id", "userId", "availableBalance")
    SELECT n, n, n - 1000 + 0.01 FROM generate_series(1001, 1000 + {count}) AS n;"""  # noqa: S608 - a number of the test itself
