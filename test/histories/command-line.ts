import { parseArgs } from 'node:util';
import { PLANTED_FAULTS, type PlantedFault } from './planted-faults.js';
import type { HistoryOptions } from './play-history.js';
import { SESSION_FAULTS, type SessionFault } from './sessions/session-faults.js';

export const USAGE = `npm run check:histories -- [options]
  --sessions      plays sessions: devices, refresh tokens and thieves
  --processes N   server processes, from 1 to 16 (3)
  --clients N     clients, from 1 to 256 (16)
  --seconds N     how long they go on, from 1 to 86400 (60)
  --operations N  ends as soon as there were so many, up to 100000000 (no limit)
  --seed N        repeats the choices of a run (by chance)
  --plant FAULT   breaks something that the checker has to find:
                  ${PLANTED_FAULTS.join(', ')};
                  with --sessions: ${SESSION_FAULTS.join(', ')}`;

const OPTIONS = {
  sessions: { type: 'boolean' },
  processes: { type: 'string', default: '3' },
  clients: { type: 'string', default: '16' },
  seconds: { type: 'string', default: '60' },
  operations: { type: 'string' },
  seed: { type: 'string' },
  plant: { type: 'string' },
} as const;

/** What is to be played. */
export type Command =
  | (HistoryOptions<PlantedFault> & { readonly sessions: false })
  | (HistoryOptions<SessionFault> & { readonly sessions: true });

/** @throws Error for what cannot be understood */
export function readCommandLine(args: string[]): Command {
  const { values } = parseArgs({ args, options: OPTIONS });
  const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));
  const options = {
    processes: whole('processes', values.processes, [1, 16]),
    clients: whole('clients', values.clients, [1, 256]),
    seconds: whole('seconds', values.seconds, [1, 86_400]),
    seed: whole('seed', seed, [0, 2 ** 31 - 1]),
    ...(values.operations !== undefined && {
      operations: whole('operations', values.operations, [1, 100_000_000]),
    }),
  };
  const { plant } = values;
  return values.sessions === true
    ? { ...options, sessions: true, ...planted(plant, SESSION_FAULTS) }
    : { ...options, sessions: false, ...planted(plant, PLANTED_FAULTS) };
}

function whole(name: string, text: string, [least, most]: [number, number]): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new Error(
    `--${name} is ${JSON.stringify(text)}: give a whole number from ${least} to ${most}.`,
  );
}

function planted<Fault extends string>(
  name: string | undefined,
  faults: readonly Fault[],
): { fault?: Fault } {
  if (name === undefined) return {};
  const fault = faults.find((each) => each === name);
  if (fault !== undefined) return { fault };
  throw new Error(`--plant is ${JSON.stringify(name)}: choose from ${faults.join(', ')}.`);
}
