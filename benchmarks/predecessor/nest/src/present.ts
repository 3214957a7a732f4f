import { Condition, Order, OrderStatus, Party, User } from './entities';

export const money = (amount: number, currency: string) => ({ amount, currency });

const TALKING = ['make_offer', 'withdraw_offer', 'decline_offer', 'accept_offer'];
const AMENDING = ['propose_amendment', 'withdraw_amendment', 'decline_amendment', 'accept_amendment'];
const ACTIONS: Record<OrderStatus, Record<Party, string[]>> = {
  created: { buyer: ['edit_terms', 'cancel'], seller: ['accept', 'decline'] },
  accepted: { buyer: ['fund', 'cancel'], seller: ['cancel'] },
  in_progress: {
    buyer: [
      ...['add_evidence', 'confirm_condition', 'reject_condition', 'waive_condition', ...AMENDING],
      ...['renew_handover_code', ...TALKING, 'cancel_overdue', 'report_issue'],
    ],
    seller: [
      ...['add_evidence', 'submit_condition', 'confirm_condition', ...AMENDING],
      ...['complete', 'enter_handover_code', 'seller_cancel', ...TALKING, 'report_issue'],
    ],
  },
  completed: {
    buyer: ['add_evidence', 'approve', ...TALKING, 'report_issue'],
    seller: ['add_evidence', 'confirm_condition', ...TALKING, 'report_issue', 'extend_inspection'],
  },
  closed: { buyer: [], seller: [] },
};

export const partyOf = (order: Order, userId: string): Party => (order.buyerId === userId ? 'buyer' : 'seller');

/** Names are told once both have agreed; until then one sees the number one has asked for, in part. */
function person(user: User, known: boolean) {
  const masked = `${user.phone.slice(0, 7)} ***${user.phone.slice(-4)}`;
  return { id: user.id, display_name: known ? `${user.firstName} ${user.lastName}` : masked };
}

function condition(one: Condition, currency: string) {
  return {
    id: one.id,
    position: one.position,
    kind: one.kind,
    title: one.title,
    description: one.description,
    confirmed_by: one.confirmedBy,
    required: one.required,
    evidence_required: one.evidenceRequired,
    deemed_on_timeout: one.deemedOnTimeout,
    status: one.status,
    note: one.note,
    evidence_ids: [],
    submitted_at: one.submittedAt,
    settled_at: one.settledAt,
    settled_by: one.settledBy,
    rejection_reason: one.rejectionReason,
    amount: one.amount === null ? null : money(one.amount, currency),
    not_before: null,
    inspect_by: null,
    code_tries_left: null,
  };
}

function fees(order: Order) {
  const { currency, amount, feeBuyer, feeSeller, vatBuyer, vatSeller } = order;
  return {
    buyer_share_bps: order.buyerShareBps,
    fee_buyer: money(feeBuyer, currency),
    fee_seller: money(feeSeller, currency),
    vat_buyer: money(vatBuyer, currency),
    vat_seller: money(vatSeller, currency),
    buyer_pays: money(amount + feeBuyer + vatBuyer, currency),
    seller_receives: money(amount - feeSeller - vatSeller, currency),
  };
}

export function presentOrder(order: Order, role: Party) {
  const { currency } = order;
  const agreed = order.acceptedHash !== null;
  return {
    id: order.id,
    role,
    status: order.status,
    funding_status: order.fundingStatus,
    close_reason: order.closeReason,
    on_hold: false,
    order_type: order.orderType,
    title: order.title,
    description: order.description,
    amount: money(order.amount, currency),
    fees: fees(order),
    held: money(order.held, currency),
    released: money(order.released, currency),
    refunded: money(order.refunded, currency),
    terms: { version: 1, hash: order.termsHash, accepted_hash: order.acceptedHash, code_is_acceptance: false },
    revisions: { agreed: 1, used: 0 },
    buyer: person(order.buyer, agreed || role === 'buyer'),
    seller: person(order.seller, agreed || role === 'seller'),
    conditions: order.conditions.map((one) => condition(one, currency)),
    deadlines: {
      accept_by: order.acceptBy,
      fund_by: order.fundBy,
      deliver_by: order.deliverBy,
      inspect_by: order.inspectBy,
    },
    issue: null,
    offers: [],
    allowed_actions: ACTIONS[order.status][role],
    last_seq: order.lastSeq,
    version: order.version,
    created_at: order.createdAt,
    updated_at: order.updatedAt,
    ended_at: order.endedAt,
  };
}

export function presentSummary(order: Order, userId: string) {
  const role = partyOf(order, userId);
  const other = role === 'buyer' ? order.seller : order.buyer;
  return {
    id: order.id,
    role,
    status: order.status,
    funding_status: order.fundingStatus,
    order_type: order.orderType,
    title: order.title,
    amount: money(order.amount, order.currency),
    counterparty: person(other, order.acceptedHash !== null),
    created_at: order.createdAt,
    updated_at: order.updatedAt,
  };
}
