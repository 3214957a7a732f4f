import { Body, Controller, Injectable, Post, UnprocessableEntityException } from '@nestjs/common';
import { Asked, Command, Commands } from './commands';
import { QuoteDto } from './dto';
import { FeeConfiguration, FeeQuote } from './entities';
import { money } from './present';
import { Store } from './store';

const ALL_BPS = 10_000;
const QUOTE_MINUTES = 30;

const share = (amount: number, bps: number) => Math.round((amount * bps) / ALL_BPS);

@Injectable()
export class FeesService {
  constructor(
    private readonly commands: Commands,
    private readonly store: Store,
  ) {}

  quote(asked: Asked, dto: QuoteDto) {
    return this.commands.run(asked, async (manager) => {
      const { amount, currency } = dto.amount;
      const rate = await manager.findOneBy(FeeConfiguration, { orderType: dto.order_type, currency });
      if (!rate) throw new UnprocessableEntityException('no_fee_for_this');
      const total = Math.min(Math.max(share(amount, rate.percentBps), rate.minimum), rate.cap);
      const feeBuyer = share(total, dto.buyer_share_bps);
      const feeSeller = total - feeBuyer;
      const promised = {
        userId: asked.user.id,
        orderType: dto.order_type,
        currency,
        amount,
        buyerShareBps: dto.buyer_share_bps,
        feeBuyer,
        feeSeller,
        vatBuyer: share(feeBuyer, rate.vatBps),
        vatSeller: share(feeSeller, rate.vatBps),
        expiresAt: new Date(Date.now() + QUOTE_MINUTES * 60_000),
      };
      const [quote] = await this.store.add(manager, FeeQuote, [promised]);
      return this.present(quote, rate);
    });
  }

  private present(quote: FeeQuote, rate: FeeConfiguration) {
    const { currency, feeBuyer, feeSeller, vatBuyer, vatSeller, amount } = quote;
    return {
      id: quote.id,
      order_type: quote.orderType,
      buyer_share_bps: quote.buyerShareBps,
      promo_code: null,
      rate: {
        percent_bps: rate.percentBps,
        minimum: money(rate.minimum, currency),
        cap: money(rate.cap, currency),
        vat_bps: rate.vatBps,
      },
      amount: money(amount, currency),
      fee: {
        total: money(feeBuyer + feeSeller, currency),
        buyer: money(feeBuyer, currency),
        seller: money(feeSeller, currency),
      },
      vat: {
        total: money(vatBuyer + vatSeller, currency),
        buyer: money(vatBuyer, currency),
        seller: money(vatSeller, currency),
      },
      buyer_pays: money(amount + feeBuyer + vatBuyer, currency),
      seller_receives: money(amount - feeSeller - vatSeller, currency),
      expires_at: quote.expiresAt,
    };
  }
}

@Controller('fees')
export class FeesController {
  constructor(private readonly fees: FeesService) {}

  @Post('quote')
  quote(@Command() asked: Asked, @Body() dto: QuoteDto) {
    return this.fees.quote(asked, dto);
  }
}
