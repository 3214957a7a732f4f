import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsDefined, IsIn, IsInt, IsOptional, IsString, IsUUID, Length, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { Party } from './entities';

export class MoneyDto {
  @IsInt() @Min(1) @Max(Number.MAX_SAFE_INTEGER) amount: number;
  @IsIn(['NGN']) currency: string;
}

export class QuoteDto {
  @IsDefined() @ValidateNested() @Type(() => MoneyDto) amount: MoneyDto;
  @IsIn(['goods']) order_type: string;
  @IsInt() @Min(0) @Max(10_000) buyer_share_bps: number;
}

export class ConditionDto {
  @IsIn(['confirm']) kind: string;
  @IsString() @Length(1, 200) title: string;
  @IsOptional() @IsString() @MaxLength(2_000) description?: string;
  @IsIn(['buyer', 'seller']) confirmed_by: Party;
  @IsOptional() @IsBoolean() required?: boolean;
  @IsOptional() @IsBoolean() evidence_required?: boolean;
}

export class CreateOrderDto {
  @IsUUID() quote_id: string;
  @IsIn(['buyer', 'seller']) role: Party;
  @Matches(/^\+[1-9]\d{7,14}$/) counterparty_phone: string;
  @IsIn(['goods']) order_type: string;
  @IsString() @Length(1, 200) title: string;
  @IsString() @MaxLength(5_000) description: string;
  @IsInt() @Min(1) @Max(8_760) delivery_hours: number;
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(20) @ValidateNested({ each: true }) @Type(() => ConditionDto) conditions: ConditionDto[];
}

export class AcceptDto {
  @Matches(/^[0-9a-f]{64}$/) terms_hash: string;
}

export class FundDto {
  @IsIn(['balance']) method: string;
}

export class ListDto {
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(100) limit = 20;
  @IsOptional() @IsString() @MaxLength(200) cursor?: string;
}
