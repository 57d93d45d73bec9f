export declare const sourceAlias: { find: RegExp; replacement: string }[];
