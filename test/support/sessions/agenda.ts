type Work = () => void | Promise<void>;

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly work: Work;
}

/** Made-up time: what is to happen when, and chance that comes from a seed. */
export class Agenda {
  now = 0;
  private readonly heap: Entry[] = [];
  private count = 0;
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A number from 0 to 1 (Weyl sequence, mixed as in MurmurHash3). */
  chance(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  }

  after(seconds: number, work: Work): void {
    this.count += 1;
    this.heap.push({ at: this.now + seconds, order: this.count, work });
    this.rise(this.heap.length - 1);
  }

  /** Does what is due, in order, until that instant or until it is over. */
  async run(until: number, isOver: () => boolean): Promise<void> {
    for (let next = this.take(); next && next.at <= until && !isOver(); next = this.take()) {
      this.now = next.at;
      const working = next.work();
      // Nothing is waited for that is done already: there are millions of these.
      if (working !== undefined) await working;
    }
  }

  private take(): Entry | undefined {
    const [first] = this.heap;
    const last = this.heap.pop();
    if (first === undefined || last === undefined || this.heap.length === 0) return first;
    this.heap[0] = last;
    this.sink();
    return first;
  }

  private rise(index: number): void {
    for (let child = index; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.isBefore(child, parent)) return;
      this.swap(child, parent);
      child = parent;
    }
  }

  private sink(): void {
    for (let parent = 0; ;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      let first = parent;
      if (left < this.heap.length && this.isBefore(left, first)) first = left;
      if (right < this.heap.length && this.isBefore(right, first)) first = right;
      if (first === parent) return;
      this.swap(first, parent);
      parent = first;
    }
  }

  private isBefore(one: number, other: number): boolean {
    const [a, b] = [this.heap[one]!, this.heap[other]!];
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  private swap(one: number, other: number): void {
    [this.heap[one], this.heap[other]] = [this.heap[other]!, this.heap[one]!];
  }
}
