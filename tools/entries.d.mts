export declare const PACKAGE_NAME: string;
export declare const ENTRIES: readonly string[];
export declare function builtFile(entry: string, extension: string): string;
