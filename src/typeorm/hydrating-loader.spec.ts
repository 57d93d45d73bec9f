import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { beforeAll, describe, expect, it } from 'vitest';
import type { InContext } from '../state/token-state.store.js';
import { HydratingLoader } from './hydrating-loader.js';

class Address {
  @Column({ type: 'text' }) street!: string;
}

const shouting = {
  to: (value: unknown) => value,
  from: (value: string) => {
    // What a transformer throws is the application's own affair.
    // oxlint-disable-next-line typescript/only-throw-error
    if (value === 'text') throw 'no error';
    if (value === 'error') throw new RangeError('out of range');
    return value.toUpperCase();
  },
};

@Entity()
class User {
  @PrimaryColumn({ type: 'integer' }) id!: number;
  @Column({ type: 'text' }) name!: string;
  @Column({ type: 'text', transformer: shouting }) shout!: string;
  @Column({ type: 'text', select: false }) secret!: string;
  @Column(() => Address) home!: Address;
  @Column({ type: 'simple-json' }) extra!: object;
}

let loader: HydratingLoader<User>;

beforeAll(async () => {
  const dataSource = new DataSource({ type: 'postgres', entities: [User] });
  // What TypeORM does when it connects, without a database.
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  loader = new HydratingLoader(dataSource, dataSource.getMetadata(User));
});

const directly: InContext = (code) => code();

/** A row as the state read brings it: other columns first. */
const rowOf = (shout: string) => ['state', 1, 'Ann', shout, '{"a":[1]}', 'Main St'];

describe('HydratingLoader', () => {
  it('asks for the columns that are selected by default', () => {
    expect(loader.columns).toEqual(['id', 'name', 'shout', 'extra', 'homeStreet']);
  });

  it('makes the entity of the values from a place on, as TypeORM would', async () => {
    const [user] = (await loader.load([rowOf('hey')], 1, { contexts: [directly] })) as User[];
    expect(user).toBeInstanceOf(User);
    expect(user).toEqual({
      id: 1,
      name: 'Ann',
      shout: 'HEY',
      home: Object.assign(new Address(), { street: 'Main St' }),
      extra: { a: [1] },
    });
    expect(user!.home).toBeInstanceOf(Address);
  });

  it('answers each user whose transformer throws with its own error', async () => {
    const rows = [rowOf('text'), rowOf('hey'), rowOf('error')];
    expect(await loader.load(rows, 1, { contexts: [directly, directly, directly] })).toEqual([
      new Error('no error'),
      expect.objectContaining({ name: 'Ann' }),
      new RangeError('out of range'),
    ]);
  });

  it('makes each user in the context that was given for it', async () => {
    const made: string[] = [];
    const contexts = ['first', 'second'].map((name): InContext => (code) => {
      made.push(name);
      return code();
    });
    expect(await loader.load([rowOf('a'), rowOf('b')], 1, { contexts })).toHaveLength(2);
    expect(made).toEqual(['first', 'second']);
  });
});
