import { BadRequestException, ConflictException, Injectable, NotFoundException, UnprocessableEntityException } from '@nestjs/common';
import { createHash } from 'crypto';
import { EntityManager } from 'typeorm';
import { Asked, Commands } from './commands';
import { AcceptDto, CreateOrderDto, ListDto } from './dto';
import { Condition, FeeQuote, Order, OrderEvent, Party, User } from './entities';
import { LedgerService } from './ledger';
import { money, partyOf, presentOrder, presentSummary } from './present';
import { Position, Store } from './store';

const ACCEPT_HOURS = 72;
const FUND_HOURS = 48;
const INSPECTION_HOURS = 72;

const hoursAfter = (at: Date, hours: number) => new Date(at.getTime() + hours * 3_600_000);

interface Scene {
  order: Order;
  party: Party;
  manager: EntityManager;
  now: Date;
}

interface Step {
  type: string;
  data: object;
  changes?: Partial<Omit<Order, 'buyer' | 'seller' | 'conditions'>>;
}

@Injectable()
export class OrdersService {
  constructor(
    private readonly commands: Commands,
    private readonly ledger: LedgerService,
    private readonly store: Store,
    private readonly manager: EntityManager,
  ) {}

  create(asked: Asked, dto: CreateOrderDto) {
    return this.commands.run(asked, async (manager) => {
      const now = new Date();
      const quote = await manager.findOneBy(FeeQuote, { id: dto.quote_id, userId: asked.user.id });
      if (!quote || quote.orderType !== dto.order_type) throw new NotFoundException('not_found');
      if (quote.expiresAt <= now) throw new ConflictException('quote_expired');
      const other = await manager.findOneBy(User, { phone: dto.counterparty_phone });
      if (other?.status !== 'active') throw new UnprocessableEntityException('counterparty_unknown');
      if (other.id === asked.user.id) throw new UnprocessableEntityException('counterparty_is_self');
      const [buyer, seller] = dto.role === 'buyer' ? [asked.user, other] : [other, asked.user];
      const [order] = await this.store.add(manager, Order, [this.propose(dto, quote, buyer, seller, now)]);
      const conditions = await this.store.add(manager, Condition, this.conditions(dto, order.id));
      const data = { terms_hash: order.termsHash, terms_version: 1 };
      await this.record(manager, order, { type: 'created', data }, dto.role, asked.user.id, now);
      return presentOrder({ ...order, buyer, seller, conditions }, dto.role);
    });
  }

  async get(user: User, id: string) {
    const order = await this.whole(this.manager, user.id, id, false);
    return presentOrder(order, partyOf(order, user.id));
  }

  /** The newest first. */
  async list(user: User, { limit, cursor }: ListDto) {
    const found = await this.store.newest(this.manager, user.id, limit + 1, cursor ? this.position(cursor) : undefined);
    const page = found.slice(0, limit);
    const more = found.length > limit;
    const end = page[page.length - 1];
    return {
      data: page.map((order) => presentSummary(order, user.id)),
      has_more: more,
      next_cursor: more ? Buffer.from(`${end.createdAt.toISOString()}|${end.id}`).toString('base64url') : null,
    };
  }

  accept(asked: Asked, id: string, dto: AcceptDto) {
    return this.step(asked, id, async ({ order, party, now }) => {
      this.mayIf(party !== order.proposedBy && order.status === 'created');
      if (dto.terms_hash !== order.termsHash) throw new ConflictException('terms_changed');
      return {
        type: 'accepted',
        data: { status: 'accepted', terms_hash: order.termsHash },
        changes: { status: 'accepted', acceptedHash: order.termsHash, acceptBy: null, fundBy: hoursAfter(now, FUND_HOURS) },
      };
    });
  }

  fund(asked: Asked, id: string) {
    return this.step(asked, id, async ({ order, party, manager, now }) => {
      this.mayIf(party === 'buyer' && order.status === 'accepted');
      const held = await this.ledger.fund(manager, order, asked.user.id, now);
      const deliverBy = hoursAfter(now, order.deliveryHours);
      return {
        type: 'funded',
        data: { held: money(held, order.currency), moved: { funded: held }, status: 'in_progress', deliver_by: deliverBy },
        changes: { status: 'in_progress', fundingStatus: 'funded', held, fundBy: null, deliverBy },
      };
    });
  }

  submit(asked: Asked, id: string, conditionId: string) {
    return this.step(asked, id, async ({ order, party, manager, now }) => {
      const condition = this.condition(order, conditionId);
      this.mayIf(party !== condition.confirmedBy && order.status === 'in_progress' && condition.status === 'pending');
      await this.store.change(manager, Condition, [condition, { status: 'submitted', submittedAt: now }]);
      return { type: 'condition_submitted', data: { title: condition.title, condition_id: condition.id } };
    });
  }

  confirm(asked: Asked, id: string, conditionId: string) {
    return this.step(asked, id, async ({ order, party, manager, now }) => {
      const condition = this.condition(order, conditionId);
      const open = order.status === 'in_progress' && condition.status !== 'fulfilled';
      this.mayIf(party === condition.confirmedBy && open);
      await this.store.change(manager, Condition, [condition, { status: 'fulfilled', settledAt: now, settledBy: party }]);
      return { type: 'condition_confirmed', data: { title: condition.title, condition_id: condition.id } };
    });
  }

  complete(asked: Asked, id: string) {
    return this.step(asked, id, async ({ order, party, now }) => {
      this.mayIf(party === 'seller' && order.status === 'in_progress');
      if (order.conditions.some((one) => one.required && one.status !== 'fulfilled')) {
        throw new ConflictException('conditions_open');
      }
      const inspectBy = hoursAfter(now, order.inspectionHours);
      return {
        type: 'completed',
        data: { status: 'completed', inspect_by: inspectBy },
        changes: { status: 'completed', inspectBy },
      };
    });
  }

  approve(asked: Asked, id: string) {
    return this.step(asked, id, async ({ order, party, manager, now }) => {
      this.mayIf(party === 'buyer' && order.status === 'completed');
      const released = order.held;
      const got = await this.ledger.release(manager, order, asked.user.id, now);
      const ended = { fundingStatus: 'settled', closeReason: 'approved', held: 0, released, endedAt: now };
      return {
        type: 'approved',
        data: { status: 'closed', moved: { released }, released: money(got, order.currency) },
        changes: { status: 'closed', ...ended },
      };
    });
  }

  /** Lock the order, take one step of its life, and write down that it was taken. */
  private step(asked: Asked, id: string, decide: (scene: Scene) => Promise<Step>) {
    return this.commands.run(asked, async (manager) => {
      const order = await this.whole(manager, asked.user.id, id, true);
      const party = partyOf(order, asked.user.id);
      const now = new Date();
      const step = await decide({ order, party, manager, now });
      const changes = { ...step.changes, lastSeq: order.lastSeq + 1, version: order.version + 1, updatedAt: now };
      await this.store.change(manager, Order, [order, changes]);
      await this.record(manager, order, step, party, asked.user.id, now);
      return presentOrder(order, party);
    });
  }

  private async whole(manager: EntityManager, userId: string, id: string, locked: boolean): Promise<Order> {
    const order = await this.store.order(manager, id, locked);
    if (!order || (order.buyerId !== userId && order.sellerId !== userId)) throw new NotFoundException('not_found');
    return order;
  }

  private propose(dto: CreateOrderDto, quote: FeeQuote, buyer: User, seller: User, now: Date) {
    const { title, description, delivery_hours: deliveryHours, order_type: orderType } = dto;
    const { amount, currency, buyerShareBps, feeBuyer, feeSeller, vatBuyer, vatSeller } = quote;
    const terms = { ...dto, quote_id: undefined, amount, currency, buyerShareBps, feeBuyer, feeSeller, vatBuyer, vatSeller };
    return {
      ...{ buyerId: buyer.id, sellerId: seller.id, proposedBy: dto.role },
      ...{ orderType, title, description, currency, amount, deliveryHours, inspectionHours: INSPECTION_HOURS },
      ...{ buyerShareBps, feeBuyer, feeSeller, vatBuyer, vatSeller, held: 0, released: 0, refunded: 0 },
      ...{ termsHash: createHash('sha256').update(JSON.stringify(terms)).digest('hex'), acceptedHash: null },
      ...{ status: 'created' as const, fundingStatus: 'none', closeReason: null },
      ...{ acceptBy: hoursAfter(now, ACCEPT_HOURS), fundBy: null, deliverBy: null, inspectBy: null },
      ...{ lastSeq: 1, version: 1, createdAt: now, updatedAt: now, endedAt: null },
    };
  }

  private conditions(dto: CreateOrderDto, orderId: string) {
    return dto.conditions.map((one, index) => ({
      ...{ orderId, position: index + 1, kind: one.kind, title: one.title },
      ...{ description: one.description ?? '', confirmedBy: one.confirmed_by, required: one.required ?? true },
      ...{ evidenceRequired: one.evidence_required ?? false, deemedOnTimeout: true, status: 'pending' as const },
      ...{ note: null, submittedAt: null, settledAt: null, settledBy: null, rejectionReason: null, amount: null },
    }));
  }

  private async record(
    manager: EntityManager,
    order: Pick<Order, 'id' | 'lastSeq'>,
    { type, data }: Step,
    actorKind: Party,
    actorId: string,
    at: Date,
  ): Promise<void> {
    const event = { orderId: order.id, seq: order.lastSeq, type, actorKind, actorId, data, at };
    await this.store.add(manager, OrderEvent, [event]);
  }

  private condition(order: Order, id: string): Condition {
    const condition = order.conditions.find((one) => one.id === id);
    if (!condition) throw new NotFoundException('not_found');
    return condition;
  }

  private position(cursor: string): Position {
    const [at, last] = Buffer.from(cursor, 'base64url').toString().split('|');
    const moment = new Date(at);
    if (Number.isNaN(moment.getTime()) || !/^[0-9a-f-]{36}$/.test(last ?? '')) throw new BadRequestException('bad_cursor');
    return [moment, last];
  }

  private mayIf(allowed: boolean): void {
    if (!allowed) throw new ConflictException('not_now');
  }
}
