import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** A stream of choices that a seed repeats. */
export class Random {
  constructor(private readonly generator: RandomGenerator) {}

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return uniformInt(this.generator, least, most);
  }

  /** True so many times in a hundred. */
  percent(chance: number): boolean {
    return this.whole(1, 100) <= chance;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.whole(0, items.length - 1)]!;
  }

  /** One of the items, each as often as its weight says. */
  weighted<Item>(items: readonly (readonly [item: Item, weight: number])[]): Item {
    const total = items.reduce((sum, [, weight]) => sum + weight, 0);
    let rest = this.whole(1, total);
    return items.find(([, weight]) => (rest -= weight) <= 0)![0];
  }
}

/** So many streams from one seed, none of which meets another. */
export function randomStreams(seed: number, count: number): Random[] {
  const generator = xoroshiro128plus(seed);
  return Array.from({ length: count }, () => {
    generator.jump();
    return new Random(generator.clone());
  });
}
