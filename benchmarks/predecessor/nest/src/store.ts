import { Injectable } from '@nestjs/common';
import { DeepPartial, EntityManager, EntityTarget, FindOptionsWhere, LessThan, QueryFailedError } from 'typeorm';
import { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity';
import { Order, WebhookEvent } from './entities';

const UNIQUE_VIOLATION = '23505';
const SUMMARY = ['id', 'buyerId', 'sellerId', 'status', 'fundingStatus', 'orderType', 'title', 'amount', 'currency'];
const MOMENTS = ['acceptedHash', 'createdAt', 'updatedAt'];
const NAMES = ['id', 'firstName', 'lastName', 'phone'];

type Row = { id: string };
export type Position = [at: Date, id: string];

export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof QueryFailedError && error.driverError?.code === UNIQUE_VIOLATION;

/** How rows are written and orders are read: the one thing in which the two servers that are measured differ. */
export abstract class Store {
  /** Write new rows, and return them with their ids. */
  abstract add<T extends object>(manager: EntityManager, entity: EntityTarget<T>, rows: DeepPartial<NoInfer<T>>[]): Promise<T[]>;

  /** Change rows that were read before, in the database and here. */
  abstract change<T extends Row>(
    manager: EntityManager,
    entity: EntityTarget<T>,
    ...changed: [row: T, changes: Partial<T>][]
  ): Promise<void>;

  /** Return an order with its parties and conditions, locked until the end of the transaction when asked for. */
  abstract order(manager: EntityManager, id: string, locked: boolean): Promise<Order | null>;

  /** Return somebody's newest orders with their parties, those before a position when one is given. */
  abstract newest(manager: EntityManager, userId: string, count: number, before?: Position): Promise<Order[]>;

  /** Keep what a provider said, unless it is kept already. */
  abstract receive(manager: EntityManager, event: Omit<WebhookEvent, 'id'>): Promise<void>;
}

/** Statements written for their purpose: nothing is read that was not asked for, and nothing twice. */
@Injectable()
export class LeanStore extends Store {
  async add<T extends object>(manager: EntityManager, entity: EntityTarget<T>, rows: DeepPartial<NoInfer<T>>[]): Promise<T[]> {
    await manager.insert(entity, rows as QueryDeepPartialEntity<T>[]);
    return rows as T[];
  }

  async change<T extends Row>(manager: EntityManager, entity: EntityTarget<T>, ...changed: [T, Partial<T>][]) {
    for (const [row, changes] of changed) {
      await manager.update(entity, row.id, changes as QueryDeepPartialEntity<T>);
      Object.assign(row, changes);
    }
  }

  order(manager: EntityManager, id: string, locked: boolean) {
    const query = manager
      .createQueryBuilder(Order, 'o')
      .innerJoinAndSelect('o.buyer', 'buyer')
      .innerJoinAndSelect('o.seller', 'seller')
      .innerJoinAndSelect('o.conditions', 'condition')
      .where('o.id = :id', { id })
      .orderBy('condition.position');
    return (locked ? query.setLock('pessimistic_write', undefined, ['o', 'condition']) : query).getOne();
  }

  /** Either party's orders are read by an index of their own, so that no more are read than asked for. */
  newest(manager: EntityManager, userId: string, count: number, before?: Position) {
    const [at, last] = before ?? [];
    const earlier = before ? 'AND (x.created_at, x.id) < (:at, :last)' : '';
    const newest = (column: string) =>
      `(SELECT x.id FROM orders x WHERE x.${column} = :userId ${earlier} ORDER BY x.created_at DESC, x.id DESC LIMIT :count)`;
    return manager
      .createQueryBuilder(Order, 'o')
      .innerJoin('o.buyer', 'buyer')
      .innerJoin('o.seller', 'seller')
      .select([...SUMMARY, ...MOMENTS].map((name) => `o.${name}`))
      .addSelect(NAMES.flatMap((name) => [`buyer.${name}`, `seller.${name}`]))
      .where(`o.id IN (${newest('buyer_id')} UNION ALL ${newest('seller_id')})`)
      .setParameters({ userId, count, at, last })
      .orderBy('o.createdAt', 'DESC')
      .addOrderBy('o.id', 'DESC')
      .limit(count)
      .getMany();
  }

  async receive(manager: EntityManager, event: Omit<WebhookEvent, 'id'>) {
    // Nobody needs the id, and there is none when the event was kept before.
    await manager.createQueryBuilder().insert().into(WebhookEvent).values(event).orIgnore().updateEntity(false).execute();
  }
}

/** Entities as TypeORM's documentation handles them: `find` with `relations`, and `save`. */
@Injectable()
export class IdiomaticStore extends Store {
  add<T extends object>(manager: EntityManager, entity: EntityTarget<T>, rows: DeepPartial<NoInfer<T>>[]): Promise<T[]> {
    return manager.save(entity, manager.create(entity, rows));
  }

  async change<T extends Row>(manager: EntityManager, entity: EntityTarget<T>, ...changed: [T, Partial<T>][]) {
    await manager.save(entity, changed.map(([row, changes]) => Object.assign(row, changes)));
  }

  order(manager: EntityManager, id: string, locked: boolean) {
    return manager.findOne(Order, {
      where: { id },
      relations: { buyer: true, seller: true, conditions: true },
      order: { conditions: { position: 'ASC' } },
      // Conditions are joined from the outside and cannot be locked; whoever changes one has locked its order.
      lock: locked ? { mode: 'pessimistic_write', tables: ['orders'] } : undefined,
    });
  }

  newest(manager: EntityManager, userId: string, count: number, before?: Position) {
    const mine: FindOptionsWhere<Order>[] = [{ buyerId: userId }, { sellerId: userId }];
    const earlier = ([at, last]: Position) =>
      mine.flatMap((one) => [
        { ...one, createdAt: LessThan(at) },
        { ...one, createdAt: at, id: LessThan(last) },
      ]);
    return manager.find(Order, {
      where: before ? earlier(before) : mine,
      relations: { buyer: true, seller: true },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: count,
    });
  }

  async receive(manager: EntityManager, event: Omit<WebhookEvent, 'id'>) {
    const events = manager.getRepository(WebhookEvent);
    const { provider, bodySha256 } = event;
    if (await events.findOneBy({ provider, bodySha256 })) return;
    try {
      await events.save(events.create(event));
    } catch (error) {
      // The same one was kept meanwhile.
      if (!isUniqueViolation(error)) throw error;
    }
  }
}
