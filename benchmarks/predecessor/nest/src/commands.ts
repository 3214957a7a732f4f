import { BadRequestException, ConflictException, ExecutionContext, Injectable, RawBodyRequest, UnprocessableEntityException, createParamDecorator } from '@nestjs/common';
import { createHash } from 'crypto';
import { DataSource, EntityManager } from 'typeorm';
import { Authenticated } from './auth';
import { IdempotencyKey, User } from './entities';
import { isUniqueViolation } from './store';

export interface Asked {
  user: User;
  key: string;
  route: string;
  fingerprint: string;
}

/** Who asks, with which Idempotency-Key, and what for. */
export const Command = createParamDecorator((_: unknown, context: ExecutionContext): Asked => {
  const request = context.switchToHttp().getRequest<RawBodyRequest<Authenticated>>();
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || key.length === 0 || key.length > 255) {
    throw new BadRequestException('idempotency_key_required');
  }
  const fingerprint = createHash('sha256').update(`${request.method} ${request.originalUrl}\n`);
  if (request.rawBody) fingerprint.update(request.rawBody);
  const route = `${request.method} ${request.route.path}`;
  return { user: request.user, key, route, fingerprint: fingerprint.digest('hex') };
});

@Injectable()
export class Commands {
  constructor(private readonly dataSource: DataSource) {}

  /** Do the work in one transaction and keep its answer; the same key again gets the same answer. */
  async run<T extends object>(asked: Asked, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction((manager) => this.once(manager, asked, work));
    } catch (error) {
      if (isUniqueViolation(error)) throw new ConflictException('request_in_progress');
      throw error;
    }
  }

  private async once<T extends object>(
    manager: EntityManager,
    { user, key, route, fingerprint }: Asked,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const earlier = await manager.findOneBy(IdempotencyKey, { userId: user.id, key });
    if (earlier) {
      if (earlier.fingerprint !== fingerprint) throw new UnprocessableEntityException('idempotency_key_reused');
      return earlier.response as T;
    }
    const response = await work(manager);
    // `save` would overwrite the answer of who asked with the same key meanwhile; this fails, whatever the store.
    await manager.insert(IdempotencyKey, { userId: user.id, key, route, fingerprint, response, createdAt: new Date() });
    return response;
  }
}
