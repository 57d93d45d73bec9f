import { TokenInvalidationConfigError } from '../options/config.error.js';
import type { ColumnNames } from '../postgres/bind-columns.js';
import type { RecordKeys } from '../postgres/describe-record.js';
import { columnsOf, type StateNames } from '../postgres/state-names.js';
import {
  type PrismaClientLike,
  RUNTIME_MODELS,
  type RuntimeField,
  type RuntimeModel,
} from './prisma-client.js';

/** A users model as Prisma's schema describes it. */
export interface UserModel {
  /** The client's property for it. */
  readonly delegate: string;
  readonly keys: RecordKeys;
  readonly id: RuntimeField;
  readonly names: ColumnNames;
  /** The field of a column; `undefined`: the model leaves it out. */
  fieldOf(column: string): string | undefined;
}

/** What to look for. */
export interface ModelOptions {
  /** The client's property for the model: `user`. */
  readonly model: string;
  readonly schema: string | undefined;
  readonly fields: StateNames;
}

const ROLES = [
  'id',
  'tokenVersion',
  'passwordChangedAt',
  'logoutAllAt',
  'password',
  'deletedAt',
] as const;

/** Reads what Prisma keeps of its schema. @throws TokenInvalidationConfigError with all that is wrong with the model */
export function describeModel(
  client: PrismaClientLike,
  { model, schema, fields }: ModelOptions,
): UserModel {
  const models = modelsOf(client);
  const name = Object.keys(models).find((each) => delegateOf(each) === model);
  if (name === undefined) {
    const known = Object.keys(models).map(delegateOf).join(', ');
    throw new TokenInvalidationConfigError([
      `prismaStore: the client has no model "${model}": choose from ${known || 'nothing: run prisma generate'}.`,
    ]);
  }
  const scalars = scalarsOf(models[name]!);
  requireFields(name, fields, scalars);
  return {
    delegate: model,
    keys: fields,
    id: scalars.get(fields.id)!,
    names: {
      ...tableOf(name, models[name]!, schema),
      ...columnsOf(fields, (field) => columnOf(scalars.get(field)!)),
    },
    fieldOf: (column) => [...scalars.values()].find((field) => columnOf(field) === column)?.name,
  };
}

function requireFields(model: string, fields: StateNames, scalars: Scalars): void {
  const missing = ROLES.filter((role) => fields[role] !== undefined && !scalars.has(fields[role]));
  if (missing.length === 0) return;
  throw new TokenInvalidationConfigError(
    missing.map(
      (role) =>
        `prismaStore: the model ${model} has no field "${fields[role]}": declare it, with @map where the column has another name, or name yours with ${role}: '…'.`,
    ),
  );
}

function modelsOf(client: PrismaClientLike): Readonly<Record<string, RuntimeModel>> {
  const { [RUNTIME_MODELS]: schema } = client;
  return schema?.models ?? {};
}

type Scalars = ReadonlyMap<string, RuntimeField>;

function scalarsOf({ fields }: RuntimeModel): Scalars {
  return new Map(
    fields.filter(({ kind }) => kind !== 'object').map((field) => [field.name, field]),
  );
}

function tableOf(name: string, { dbName, schema }: RuntimeModel, given: string | undefined) {
  return { schema: given ?? schema ?? undefined, table: dbName ?? name };
}

function columnOf({ dbName, name }: RuntimeField): string {
  return dbName ?? name;
}

function delegateOf(model: string): string {
  return `${model.slice(0, 1).toLowerCase()}${model.slice(1)}`;
}
