import { Controller, Headers, HttpCode, Post, RawBodyRequest, Req, UnauthorizedException } from '@nestjs/common';
import { createHash, createHmac, timingSafeEqual } from 'crypto';
import { Request } from 'express';
import { EntityManager } from 'typeorm';
import { Public } from './auth';
import { config } from './config';
import { Store } from './store';

@Controller('webhooks')
export class WebhooksController {
  constructor(
    private readonly manager: EntityManager,
    private readonly store: Store,
  ) {}

  /** Keep what the provider says, once, to be looked into later. */
  @Public()
  @Post('paystack')
  @HttpCode(200)
  async paystack(@Req() request: RawBodyRequest<Request>, @Headers('x-paystack-signature') signature?: string) {
    const body = request.rawBody ?? Buffer.alloc(0);
    this.verify(body, signature ?? '');
    await this.store.receive(this.manager, {
      provider: 'paystack',
      type: String(request.body?.event),
      reference: request.body?.data?.reference ?? null,
      bodySha256: createHash('sha256').update(body).digest('hex'),
      body: body.toString(),
      state: 'received',
      receivedAt: new Date(),
    });
  }

  private verify(body: Buffer, signature: string): void {
    const expected = createHmac('sha512', config.paystackKey).update(body).digest();
    const given = Buffer.from(signature, 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new UnauthorizedException('invalid_signature');
    }
  }
}
