/** What the files of a room may import, besides each other. */
interface Room {
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
}

export const ROOMS: Readonly<Record<string, Room>>;

declare const configuration: { readonly forbidden: readonly { readonly name: string }[] };
export default configuration;
