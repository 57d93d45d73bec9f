export interface Room {
  readonly files: RegExp;
  readonly specs: readonly string[];
  readonly leastScore: number;
}

export declare const ROOMS: Readonly<Record<string, Room>>;
export declare function filesOf(name: string, beginnings?: readonly string[]): string[];
