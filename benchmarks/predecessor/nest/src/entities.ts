import { Column, DefaultNamingStrategy, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { snakeCase } from 'typeorm/util/StringUtils';

export class SnakeNaming extends DefaultNamingStrategy {
  columnName(propertyName: string, customName: string, prefixes: string[]): string {
    return customName || snakeCase([...prefixes, propertyName].join('_'));
  }

  joinColumnName(relationName: string, referenced: string): string {
    return snakeCase(`${relationName}_${referenced}`);
  }
}

// bigint comes as text; amounts in minor units stay below 2^53.
const whole = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};

export type Party = 'buyer' | 'seller';
export type OrderStatus = 'created' | 'accepted' | 'in_progress' | 'completed' | 'closed';
export type ConditionStatus = 'pending' | 'submitted' | 'fulfilled';

@Entity('users')
export class User {
  @PrimaryColumn('uuid') id: string;
  @Column('text') phone: string;
  @Column('text', { nullable: true }) email: string | null;
  @Column('text') firstName: string;
  @Column('text') lastName: string;
  @Column('text', { select: false }) passwordHash: string;
  @Column('text') status: string;
  @Column('timestamptz') createdAt: Date;
}

@Entity('fee_configurations')
export class FeeConfiguration {
  @PrimaryColumn('uuid') id: string;
  @Column('text') orderType: string;
  @Column('text') currency: string;
  @Column('int') percentBps: number;
  @Column('bigint', { transformer: whole }) minimum: number;
  @Column('bigint', { transformer: whole }) cap: number;
  @Column('int') vatBps: number;
}

@Entity('fee_quotes')
export class FeeQuote {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column('uuid') userId: string;
  @Column('text') orderType: string;
  @Column('text') currency: string;
  @Column('bigint', { transformer: whole }) amount: number;
  @Column('int') buyerShareBps: number;
  @Column('bigint', { transformer: whole }) feeBuyer: number;
  @Column('bigint', { transformer: whole }) feeSeller: number;
  @Column('bigint', { transformer: whole }) vatBuyer: number;
  @Column('bigint', { transformer: whole }) vatSeller: number;
  @Column('timestamptz') expiresAt: Date;
}

@Entity('orders')
export class Order {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column('uuid') buyerId: string;
  @Column('uuid') sellerId: string;
  @ManyToOne(() => User) @JoinColumn() buyer: User;
  @ManyToOne(() => User) @JoinColumn() seller: User;
  @OneToMany(() => Condition, (condition) => condition.order) conditions: Condition[];
  @Column('text') proposedBy: Party;
  @Column('text') orderType: string;
  @Column('text') title: string;
  @Column('text') description: string;
  @Column('text') currency: string;
  @Column('bigint', { transformer: whole }) amount: number;
  @Column('int') buyerShareBps: number;
  @Column('bigint', { transformer: whole }) feeBuyer: number;
  @Column('bigint', { transformer: whole }) feeSeller: number;
  @Column('bigint', { transformer: whole }) vatBuyer: number;
  @Column('bigint', { transformer: whole }) vatSeller: number;
  @Column('bigint', { transformer: whole }) held: number;
  @Column('bigint', { transformer: whole }) released: number;
  @Column('bigint', { transformer: whole }) refunded: number;
  @Column('text') termsHash: string;
  @Column('text', { nullable: true }) acceptedHash: string | null;
  @Column('int') deliveryHours: number;
  @Column('int') inspectionHours: number;
  @Column('text') status: OrderStatus;
  @Column('text') fundingStatus: string;
  @Column('text', { nullable: true }) closeReason: string | null;
  @Column('timestamptz', { nullable: true }) acceptBy: Date | null;
  @Column('timestamptz', { nullable: true }) fundBy: Date | null;
  @Column('timestamptz', { nullable: true }) deliverBy: Date | null;
  @Column('timestamptz', { nullable: true }) inspectBy: Date | null;
  @Column('int') lastSeq: number;
  @Column('int') version: number;
  @Column('timestamptz') createdAt: Date;
  @Column('timestamptz') updatedAt: Date;
  @Column('timestamptz', { nullable: true }) endedAt: Date | null;
}

@Entity('conditions')
export class Condition {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column('uuid') orderId: string;
  @ManyToOne(() => Order, (order) => order.conditions) @JoinColumn() order: Order;
  @Column('int') position: number;
  @Column('text') kind: string;
  @Column('text') title: string;
  @Column('text') description: string;
  @Column('text') confirmedBy: Party;
  @Column('boolean') required: boolean;
  @Column('boolean') evidenceRequired: boolean;
  @Column('boolean') deemedOnTimeout: boolean;
  @Column('text') status: ConditionStatus;
  @Column('text', { nullable: true }) note: string | null;
  @Column('timestamptz', { nullable: true }) submittedAt: Date | null;
  @Column('timestamptz', { nullable: true }) settledAt: Date | null;
  @Column('text', { nullable: true }) settledBy: Party | null;
  @Column('text', { nullable: true }) rejectionReason: string | null;
  @Column('bigint', { nullable: true, transformer: whole }) amount: number | null;
}

@Entity('order_events')
export class OrderEvent {
  @PrimaryColumn('uuid') orderId: string;
  @PrimaryColumn('int') seq: number;
  @Column('text') type: string;
  @Column('text') actorKind: Party;
  @Column('uuid') actorId: string;
  @Column('json') data: object;
  @Column('timestamptz') at: Date;
}

@Entity('ledger_accounts')
export class LedgerAccount {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column('text') kind: string;
  @Column('uuid', { nullable: true }) ownerId: string | null;
  @Column('text') currency: string;
  @Column('bigint', { nullable: true, transformer: whole }) balance: number | null;
}

@Entity('ledger_journals')
export class LedgerJournal {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column('text') kind: string;
  @Column('uuid', { nullable: true }) orderId: string | null;
  @Column('uuid', { nullable: true }) actorId: string | null;
  @Column('timestamptz') occurredAt: Date;
}

@Entity('ledger_entries')
export class LedgerEntry {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: string;
  @Column('uuid') journalId: string;
  @Column('uuid') accountId: string;
  @Column('text') currency: string;
  @Column('bigint', { transformer: whole }) amount: number;
}

@Entity('idempotency_keys')
export class IdempotencyKey {
  @PrimaryColumn('uuid') userId: string;
  @PrimaryColumn('text') key: string;
  @Column('text') route: string;
  @Column('text') fingerprint: string;
  @Column('json') response: object;
  @Column('timestamptz') createdAt: Date;
}

@Entity('webhook_events')
export class WebhookEvent {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column('text') provider: string;
  @Column('text') type: string;
  @Column('text', { nullable: true }) reference: string | null;
  @Column('text') bodySha256: string;
  @Column('text') body: string;
  @Column('text') state: string;
  @Column('timestamptz') receivedAt: Date;
}

export const ENTITIES = [
  User,
  FeeConfiguration,
  FeeQuote,
  Order,
  Condition,
  OrderEvent,
  LedgerAccount,
  LedgerJournal,
  LedgerEntry,
  IdempotencyKey,
  WebhookEvent,
];
