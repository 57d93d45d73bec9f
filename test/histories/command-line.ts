import { parseArgs } from 'node:util';
import { PLANTED_FAULTS, type PlantedFault } from './planted-faults.js';
import type { HistoryOptions } from './run-history.js';

export const USAGE = `npm run check:histories -- [options]
  --processes N   server processes, from 1 to 16 (3)
  --clients N     clients, from 1 to 256 (16)
  --seconds N     how long they go on, from 1 to 86400 (60)
  --operations N  ends as soon as there were so many, up to 100000000 (no limit)
  --seed N        repeats the choices of a run (by chance)
  --plant FAULT   breaks something that the checker has to find:
                  ${PLANTED_FAULTS.join(', ')}`;

const OPTIONS = {
  processes: { type: 'string', default: '3' },
  clients: { type: 'string', default: '16' },
  seconds: { type: 'string', default: '60' },
  operations: { type: 'string' },
  seed: { type: 'string' },
  plant: { type: 'string' },
} as const;

/** @throws Error for what cannot be understood */
export function readCommandLine(args: string[]): HistoryOptions {
  const { values } = parseArgs({ args, options: OPTIONS });
  const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));
  return {
    processes: whole('processes', values.processes, [1, 16]),
    clients: whole('clients', values.clients, [1, 256]),
    seconds: whole('seconds', values.seconds, [1, 86_400]),
    seed: whole('seed', seed, [0, 2 ** 31 - 1]),
    ...(values.operations !== undefined && {
      operations: whole('operations', values.operations, [1, 100_000_000]),
    }),
    ...(values.plant !== undefined && { fault: plantedFault(values.plant) }),
  };
}

function whole(name: string, text: string, [least, most]: [number, number]): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new Error(
    `--${name} is ${JSON.stringify(text)}: give a whole number from ${least} to ${most}.`,
  );
}

function plantedFault(name: string): PlantedFault {
  const found = PLANTED_FAULTS.find((fault) => fault === name);
  if (found !== undefined) return found;
  throw new Error(`--plant is ${JSON.stringify(name)}: choose from ${PLANTED_FAULTS.join(', ')}.`);
}
