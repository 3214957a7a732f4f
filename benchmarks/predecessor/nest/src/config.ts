function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function chosen<T extends string>(name: string, choices: readonly T[]): T {
  const value = choices.find((one) => one === required(name));
  if (!value) throw new Error(`${name} is none of ${choices.join(', ')}`);
  return value;
}

export const config = {
  port: Number(required('PORT')),
  store: chosen('STORE', ['lean', 'idiomatic'] as const),
  database: {
    host: required('DATABASE_HOST'),
    port: Number(required('DATABASE_PORT')),
    username: required('DATABASE_USERNAME'),
    password: required('DATABASE_PASSWORD'),
    database: required('DATABASE_NAME'),
    poolSize: Number(required('DATABASE_POOL_SIZE')),
  },
  jwt: {
    key: Buffer.from(required('JWT_KEY'), 'base64'),
    issuer: required('JWT_ISSUER'),
    audience: required('JWT_AUDIENCE'),
  },
  paystackKey: required('PAYSTACK_SECRET_KEY'),
};
