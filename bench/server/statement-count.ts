import { createRequire } from 'node:module';

interface PgModule {
  readonly Client: {
    readonly prototype: { query: (this: unknown, ...values: unknown[]) => unknown };
  };
}

/** Counts what is sent to the database through pg: the copy that TypeORM uses, and the copy of `bench/`. */
export class StatementCount {
  total = 0;

  constructor() {
    const here = createRequire(import.meta.url);
    const typeorm = createRequire(here.resolve('typeorm'));
    const clients = [here, typeorm].map((require) => (require('pg') as PgModule).Client);
    for (const { prototype } of new Set(clients)) this.watch(prototype);
  }

  private watch(prototype: PgModule['Client']['prototype']): void {
    const { query } = prototype;
    const count = () => this.total++;
    prototype.query = function counted(this: unknown, ...values: unknown[]): unknown {
      count();
      return query.apply(this, values);
    };
  }
}
