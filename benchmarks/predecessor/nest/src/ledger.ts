import { ConflictException, Injectable, UnprocessableEntityException } from '@nestjs/common';
import { EntityManager } from 'typeorm';
import { LedgerAccount, LedgerEntry, LedgerJournal, Order } from './entities';
import { Store } from './store';

const FEES = '00000000-0000-4000-8000-000000000002';
const VAT = '00000000-0000-4000-8000-000000000003';

interface Line {
  accountId: string;
  amount: number;
}

@Injectable()
export class LedgerService {
  constructor(private readonly store: Store) {}

  /** Take what the buyer pays from the buyer's balance into an escrow account of this order; returns how much. */
  async fund(manager: EntityManager, order: Order, actorId: string, at: Date): Promise<number> {
    const total = order.amount + order.feeBuyer + order.vatBuyer;
    const { currency } = order;
    const [buyer] = await this.lock(manager, currency, [['user', order.buyerId]]);
    const rest = (buyer.balance ?? 0) - total;
    if (rest < 0) throw new UnprocessableEntityException('insufficient_funds');
    const opened = { kind: 'escrow', ownerId: order.id, currency, balance: total };
    const [escrow] = await this.store.add(manager, LedgerAccount, [opened]);
    await this.store.change(manager, LedgerAccount, [buyer, { balance: rest }]);
    await this.post(manager, 'order_funded', order, actorId, at, [
      { accountId: buyer.id, amount: -total },
      { accountId: escrow.id, amount: total },
    ]);
    return total;
  }

  /** Give the seller what is held for this order, less the fees and their tax; returns what the seller got. */
  async release(manager: EntityManager, order: Order, actorId: string, at: Date): Promise<number> {
    const accounts = await this.lock(manager, order.currency, [
      ['escrow', order.id],
      ['user', order.sellerId],
    ]);
    const [escrow, seller] = accounts;
    if (escrow.balance !== order.held) throw new ConflictException('escrow_differs');
    const got = order.amount - order.feeSeller - order.vatSeller;
    await this.store.change(
      manager,
      LedgerAccount,
      [escrow, { balance: escrow.balance - order.held }],
      [seller, { balance: (seller.balance ?? 0) + got }],
    );
    await this.post(manager, 'full_release', order, actorId, at, [
      { accountId: escrow.id, amount: -order.held },
      { accountId: seller.id, amount: got },
      { accountId: FEES, amount: order.feeBuyer + order.feeSeller },
      { accountId: VAT, amount: order.vatBuyer + order.vatSeller },
    ]);
    return got;
  }

  /** Lock accounts in one order for everybody, and return them as they were asked for. */
  private async lock(manager: EntityManager, currency: string, owners: [string, string][]): Promise<LedgerAccount[]> {
    const found = await manager.find(LedgerAccount, {
      where: owners.map(([kind, ownerId]) => ({ kind, ownerId, currency })),
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    return owners.map(([kind, ownerId]) => {
      const account = found.find((one) => one.kind === kind && one.ownerId === ownerId);
      if (!account) throw new UnprocessableEntityException('insufficient_funds');
      return account;
    });
  }

  private async post(manager: EntityManager, kind: string, order: Order, actorId: string, at: Date, lines: Line[]) {
    if (lines.reduce((sum, line) => sum + line.amount, 0) !== 0) throw new Error('the journal does not balance');
    const written = { kind, orderId: order.id, actorId, occurredAt: at };
    const [journal] = await this.store.add(manager, LedgerJournal, [written]);
    await this.store.add(
      manager,
      LedgerEntry,
      lines.map((line) => ({ journalId: journal.id, currency: order.currency, ...line })),
    );
  }
}
