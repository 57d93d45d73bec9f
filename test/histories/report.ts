import type { Operation } from './operation.js';
import type { SessionDeed } from './sessions/session-operation.js';
import type { Violation } from './violation.js';

/** What a run did and found. */
export interface Report {
  readonly seed: number;
  readonly processes: number;
  readonly clients: number;
  readonly seconds: number;
  readonly clockOffsets: readonly number[];
  readonly operations: number;
  readonly invalidations: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly users: number;
  readonly kills: number;
  readonly cuts: number;
  readonly failovers: number;
  readonly locks: number;
  readonly forgotten: number;
  readonly violations: readonly Violation[];
}

/** As many violations are printed in full. */
const PRINTED = 5;

export function formatReport(report: Report): string {
  const { seed, processes, clients, seconds, operations, violations } = report;
  const counts = [...report.counts].toSorted(([one], [other]) => one.localeCompare(other));
  return [
    `seed ${seed}, ${processes} processes, ${clients} clients, ${seconds.toFixed(1)} s`,
    `clocks of the processes: ${report.clockOffsets.map((offset) => `${offset} s`).join(', ')}`,
    `operations:    ${operations} (${Math.round(operations / seconds)} a second, ${report.users} users)`,
    ...counts.map(([name, count]) => `  ${name.padEnd(28)}${count}`),
    `invalidations: ${report.invalidations}`,
    `faults:        ${report.failovers} failovers, ${report.kills} processes killed, ${report.cuts} connections cut`,
    `carelessness:  ${report.forgotten} transactions left open, ${report.locks} times rows locked`,
    `violations:    ${violations.length}`,
    ...violations.slice(0, PRINTED).map((each) => `\n${formatViolation(each, seed)}`),
    ...(violations.length > PRINTED ? [`\n… and ${violations.length - PRINTED} more.`] : []),
  ].join('\n');
}

/** The promise, and the operations that show it broken, on one clock that starts with the first of them. */
export function formatViolation({ rule, message, witnesses }: Violation, seed: number): string {
  const start = witnesses[0]?.invokedAt ?? 0;
  const user = witnesses.find(({ subject }) => subject !== undefined)?.subject ?? 'everyone';
  return [
    `VIOLATION: ${rule} (seed ${seed}, user ${user})`,
    `  ${message}`,
    ...witnesses.map((operation) => `  ${formatOperation(operation, start)}`),
  ].join('\n');
}

function formatOperation(operation: Operation, start: number): string {
  const { id, kind, client, invokedAt, completedAt, outcome } = operation;
  const interval = `${(invokedAt - start).toFixed(2)}–${(completedAt - start).toFixed(2)} ms`;
  const place = operation.process === undefined ? 'PostgreSQL' : `process ${operation.process}`;
  return [
    `#${id} ${interval}: client ${client} at ${place}: ${kind} → ${outcome}`,
    ...details(operation),
  ].join(', ');
}

function details(operation: Operation): string[] {
  const { via, status, reason, token, issued, receipt, observed, active } = operation;
  const { session, answer, rows } = operation;
  return [
    via && `via ${via}`,
    active !== undefined && `active ${active}`,
    status !== undefined && `HTTP ${status}`,
    reason,
    token && `with token ${token.id} (ver ${token.ver ?? 'none'}, iat ${token.iat})`,
    issued && `handed out token ${issued.id} (ver ${issued.ver}, iat ${issued.iat})`,
    receipt && `version ${receipt.version}, effective ${receipt.effectiveAt}`,
    observed && JSON.stringify(observed),
    session && formatDeed(session),
    answer?.refresh && `handed out refresh token ${answer.refresh.generation}`,
    answer?.access && `handed out an access token of session ${answer.access.sessionId}`,
    rows && JSON.stringify(rows),
  ].filter((text) => typeof text === 'string');
}

function formatDeed({ sessionId, access, refresh, byOwner, target }: SessionDeed): string {
  const who = byOwner === false ? 'somebody else' : 'its device';
  return [
    `session ${sessionId} by ${who}`,
    access && `with access token (gen ${access.generation}, ver ${access.version})`,
    refresh && `with refresh token ${refresh.generation}`,
    target && `to end ${target}`,
  ]
    .filter((text) => typeof text === 'string')
    .join(' ');
}
