import { join } from 'node:path';
import { Child } from './child.js';
import { databaseCpu } from './database.js';
import { cpuBetween } from './database-cpu.js';
import type { Call, LoadReport, OpenLoad, Refresh, RunLoad } from './load/messages.js';
import type { Figures } from './results.js';
import type { ServerProcess } from './server/server-process.js';
import { forge } from './variants/forge.js';
import type { Credential } from './variants/variant.js';

/** A kind of load. */
export interface LoadShape {
  readonly connections: number;
  /** Of how many users' credentials the requests are. */
  readonly distinctTokens: number;
  readonly forgedPercent: number;
  /** Refreshes instead of requests to a guarded route: each is due for a rotation, or none is. */
  readonly refresh?: 'due' | 'repeated';
}

/** A server, and the load that it is given. */
export interface Case {
  readonly server: ServerProcess;
  readonly shape: LoadShape;
  /** Absent: `GET /me` of as many users as the shape says. */
  readonly calls?: readonly (Call | Refresh)[];
  /** Whether the server refreshes its sessions itself, without HTTP. */
  readonly isDirect?: boolean;
  /** Before each measurement, and before its warm-up. */
  readonly prepare?: () => Promise<void>;
}

export interface Measurement {
  readonly figures: Figures;
  readonly statementsPerRequest: number;
  /** How much of one core the load process needed: near 1, it was the load that was measured. */
  readonly loadCoreShare: number;
}

/** The process that makes the requests. */
export class LoadProcess {
  private readonly child = new Child('load', join(import.meta.dirname, 'load/main.js'));

  async measure(
    measured: Case,
    { warmUpSeconds, seconds }: { warmUpSeconds: number; seconds: number },
  ): Promise<Measurement> {
    const { server } = measured;
    await measured.prepare?.();
    await (measured.isDirect
      ? direct(measured, warmUpSeconds)
      : this.open(measured, warmUpSeconds));
    const databaseBefore = await databaseCpu(server.database);
    const before = await server.usage();
    const report = await (measured.isDirect
      ? direct(measured, seconds)
      : this.run(server, seconds));
    const after = await server.usage();
    const inDatabase = cpuBetween(databaseBefore, await databaseCpu(server.database));
    const { requests } = report;
    return {
      figures: {
        ...figuresOf(report),
        cpuMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / requests,
        ...(inDatabase !== undefined && { databaseCpuMicroseconds: inDatabase / requests }),
        rssMegabytes: after.rssMegabytes,
      },
      statementsPerRequest: (after.statements - before.statements) / requests,
      loadCoreShare: report.coreShare,
    };
  }

  /** Opens the connections and warms up the server. */
  async open({ server, shape, calls }: Case, warmUpSeconds: number): Promise<void> {
    const { connections, distinctTokens, forgedPercent, refresh } = shape;
    const credentials = server.started.credentials.slice(0, distinctTokens);
    const order: OpenLoad = {
      url: server.started.url,
      connections,
      calls:
        calls ??
        credentials.map((credential, index) => get(credential, 200, server.expectedBody(index))),
      apart: refresh !== undefined,
      forgedPercent,
      forgedCalls: credentials.map((credential) =>
        get(forge(credential), server.variant.forgedStatus),
      ),
      warmUpSeconds,
    };
    check(server, await this.child.ask<LoadReport>(order));
  }

  async run(server: ServerProcess, seconds: number): Promise<LoadReport> {
    return check(server, await this.child.ask<LoadReport>({ seconds } satisfies RunLoad));
  }

  stop(): Promise<void> {
    return this.child.stop();
  }
}

function figuresOf({ requests, seconds, p50Milliseconds, p99Milliseconds }: LoadReport) {
  return { requests, requestsPerSecond: requests / seconds, p50Milliseconds, p99Milliseconds };
}

function direct({ server, shape }: Case, seconds: number): Promise<LoadReport> {
  return server.refreshDirectly({ callers: shape.connections, seconds });
}

function check(server: ServerProcess, report: LoadReport): LoadReport {
  if (report.wrong !== undefined) throw new Error(`${server.name}, under load: ${report.wrong}`);
  return report;
}

function get(credential: Credential, status: number, body?: string): Call {
  const call = { method: 'GET', path: '/me', credential, status } as const;
  return body === undefined ? call : { ...call, body };
}
