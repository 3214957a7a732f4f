import { Body, Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { CurrentUser } from './auth';
import { Asked, Command } from './commands';
import { AcceptDto, CreateOrderDto, FundDto, ListDto } from './dto';
import { User } from './entities';
import { OrdersService } from './orders.service';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  create(@Command() asked: Asked, @Body() dto: CreateOrderDto) {
    return this.orders.create(asked, dto);
  }

  @Get()
  list(@CurrentUser() user: User, @Query() query: ListDto) {
    return this.orders.list(user, query);
  }

  @Get(':id')
  get(@CurrentUser() user: User, @Param('id', ParseUUIDPipe) id: string) {
    return this.orders.get(user, id);
  }

  @Post(':id/accept')
  @HttpCode(200)
  accept(@Command() asked: Asked, @Param('id', ParseUUIDPipe) id: string, @Body() dto: AcceptDto) {
    return this.orders.accept(asked, id, dto);
  }

  @Post(':id/fund')
  @HttpCode(200)
  fund(@Command() asked: Asked, @Param('id', ParseUUIDPipe) id: string, @Body() _: FundDto) {
    return this.orders.fund(asked, id);
  }

  @Post(':id/conditions/:condition/submit')
  @HttpCode(200)
  submit(
    @Command() asked: Asked,
    @Param('id', ParseUUIDPipe) id: string,
    @Param('condition', ParseUUIDPipe) condition: string,
  ) {
    return this.orders.submit(asked, id, condition);
  }

  @Post(':id/conditions/:condition/confirm')
  @HttpCode(200)
  confirm(
    @Command() asked: Asked,
    @Param('id', ParseUUIDPipe) id: string,
    @Param('condition', ParseUUIDPipe) condition: string,
  ) {
    return this.orders.confirm(asked, id, condition);
  }

  @Post(':id/complete')
  @HttpCode(200)
  complete(@Command() asked: Asked, @Param('id', ParseUUIDPipe) id: string) {
    return this.orders.complete(asked, id);
  }

  @Post(':id/approve')
  @HttpCode(200)
  approve(@Command() asked: Asked, @Param('id', ParseUUIDPipe) id: string) {
    return this.orders.approve(asked, id);
  }
}
