import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesOf, ROOMS } from './rooms.mjs';

const paths = (folder: string, ending: RegExp) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path) && !path.includes('node_modules'))
    .map((path) => `${folder}/${path}`);

const sources = paths('src', /(?<!\.spec)\.ts$/);
const specs = [...paths('src', /\.spec\.ts$/), ...paths('test', /[.-]spec\.ts$/)];
const rooms = Object.entries(ROOMS);

/** Of a pattern as Vitest reads it, as far as the rooms use it. */
function matching(pattern: string): string[] {
  const parts = pattern.split(/(\*\*\/|\*)/).map((part) => {
    if (part === '**/') return '(?:.*/)?';
    return part === '*' ? '[^/]*' : part.replaceAll('.', '\\.');
  });
  const whole = new RegExp(`^${parts.join('')}$`);
  return specs.filter((spec) => whole.test(spec));
}

describe('the rooms that are mutated', () => {
  it('have each source of src/, once', () => {
    const mutated = rooms.flatMap(([name]) => filesOf(name));
    expect(mutated.toSorted()).toEqual(sources.toSorted());
  });

  it('are judged by every unit spec', () => {
    const judging = new Set(rooms.flatMap(([, room]) => room.specs.flatMap(matching)));
    expect(specs.filter((spec) => spec.startsWith('src/') && !judging.has(spec))).toEqual([]);
  });

  it.each(rooms)('%s: each pattern finds a spec', (_, room) => {
    expect(room.specs.filter((pattern) => matching(pattern).length === 0)).toEqual([]);
  });
});
