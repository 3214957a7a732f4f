import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuthGuard, Public } from './auth';
import { Commands } from './commands';
import { config } from './config';
import { ENTITIES, SnakeNaming } from './entities';
import { FeesController, FeesService } from './fees';
import { LedgerService } from './ledger';
import { OrdersController } from './orders.controller';
import { OrdersService } from './orders.service';
import { IdiomaticStore, LeanStore, Store } from './store';
import { WebhooksController } from './webhooks';

@Controller('health')
class HealthController {
  constructor(private readonly dataSource: DataSource) {}

  @Public()
  @Get('ready')
  async ready() {
    await this.dataSource.query('SELECT 1');
    return { status: 'ready' };
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      ...config.database,
      entities: ENTITIES,
      namingStrategy: new SnakeNaming(),
      synchronize: false,
      logging: false,
      // Ids come from PostgreSQL's own gen_random_uuid().
      installExtensions: false,
      // While the other servers are measured, connections stay open, as they do on those.
      extra: { idleTimeoutMillis: 0 },
    }),
    TypeOrmModule.forFeature(ENTITIES),
    JwtModule.register({
      secret: config.jwt.key,
      verifyOptions: { algorithms: ['HS256'], issuer: config.jwt.issuer, audience: config.jwt.audience },
    }),
  ],
  controllers: [HealthController, FeesController, OrdersController, WebhooksController],
  providers: [
    { provide: APP_GUARD, useClass: AuthGuard },
    { provide: Store, useClass: { lean: LeanStore, idiomatic: IdiomaticStore }[config.store] },
    Commands,
    FeesService,
    LedgerService,
    OrdersService,
  ],
})
export class AppModule {}
