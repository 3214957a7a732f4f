"""How fast the API answers beside a NestJS 10 and TypeORM server that does the same work, as the one before it was."""
