import { Controller, Headers, HttpCode, Post, RawBodyRequest, Req, UnauthorizedException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { createHash, createHmac, randomUUID, timingSafeEqual } from 'crypto';
import { Request } from 'express';
import { Repository } from 'typeorm';
import { Public } from './auth';
import { config } from './config';
import { WebhookEvent } from './entities';

@Controller('webhooks')
export class WebhooksController {
  constructor(@InjectRepository(WebhookEvent) private readonly events: Repository<WebhookEvent>) {}

  /** Keep what the provider says, once, to be looked into later. */
  @Public()
  @Post('paystack')
  @HttpCode(200)
  async paystack(@Req() request: RawBodyRequest<Request>, @Headers('x-paystack-signature') signature?: string) {
    const body = request.rawBody ?? Buffer.alloc(0);
    this.verify(body, signature ?? '');
    await this.events
      .createQueryBuilder()
      .insert()
      .values({
        id: randomUUID(),
        provider: 'paystack',
        type: String(request.body?.event),
        reference: request.body?.data?.reference ?? null,
        bodySha256: createHash('sha256').update(body).digest('hex'),
        body: body.toString(),
        state: 'received',
        receivedAt: new Date(),
      })
      .orIgnore()
      .execute();
  }

  private verify(body: Buffer, signature: string): void {
    const expected = createHmac('sha512', config.paystackKey).update(body).digest();
    const given = Buffer.from(signature, 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new UnauthorizedException('invalid_signature');
    }
  }
}
