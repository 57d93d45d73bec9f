import type { ClusterHome } from './cluster-home.js';

const SETTINGS = {
  // No socket files: their folder would be one more place to clean up, and their paths have a length limit.
  unix_socket_directories: '',
  // The data is thrown away: nothing has to outlive a power cut.
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Many pools at once: test files run in parallel, and each starts several applications.
  max_connections: '200',
};

export function serverArguments(home: ClusterHome, port: number): string[] {
  const settings = Object.entries({ ...SETTINGS, ...sharedMemory() }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  return ['-D', home.data, '-h', '127.0.0.1', '-p', String(port), ...settings];
}

/** Of initdb, by the major version that first has them. */
const SINCE = [
  [14, ['--no-instructions']],
  [16, Object.entries(sharedMemory()).map(([name, value]) => `--set=${name}=${value}`)],
  [18, ['--no-data-checksums']],
] as const;

/** @param version - of initdb: its major version */
export function initdbArguments(
  home: ClusterHome,
  passwordFile: string,
  version: number,
): string[] {
  return [
    `--pgdata=${home.data}`,
    '--username=postgres',
    // And not `trust`: every user of this machine can reach the port, and a superuser of the database can run programs
    // as the user of the server, who may be the developer.
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    // The same order and the same encoding on every machine, whatever locales it has.
    '--locale=C',
    '--encoding=UTF8',
    '--no-sync',
    ...SINCE.filter(([since]) => version >= since).flatMap(([, options]) => options),
  ];
}

/** Files in the data folder, which go with it, and not in `/dev/shm`, where a killed initdb or server would leave them. */
function sharedMemory(): Record<string, string> {
  return process.platform === 'win32' ? {} : { dynamic_shared_memory_type: 'mmap' };
}
