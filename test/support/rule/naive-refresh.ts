/** What a refresh token is judged by, without the types of the code that is tested against this. */
export interface NaiveRefresh {
  /** The generation of the token. */
  readonly p: number;
  readonly grace: number;
  readonly row:
    | {
        /** The generation of the row. */
        readonly g: number;
        readonly secretMatches: boolean;
        readonly sinceRotated: number;
        readonly sinceSeen: number | null;
        readonly repeats: number;
        readonly ended: boolean;
        readonly expired: boolean;
        readonly idle: boolean;
        readonly active: boolean;
        readonly sessionVersion: number;
        readonly userVersion: number;
        readonly sessionEveryone: number;
        readonly everyone: number;
      }
    | undefined;
}

type Row = readonly [holds: boolean, answer: string];

/** The table of the refresh, row after row: the first that holds decides. Shares no line with the rule that ships. */
export function naiveRefresh({ p, grace, row }: NaiveRefresh): string {
  if (row === undefined) return 'refresh_invalid';
  const { g, sinceRotated, sinceSeen, repeats } = row;
  const seen = sinceSeen !== null;
  const noted = sinceRotated >= 20 && repeats < 10 ? ', repeat' : '';
  const rows: readonly Row[] = [
    [!row.secretMatches, 'refresh_invalid'],
    [!row.active, 'user_inactive'],
    [row.sessionVersion < row.userVersion, 'version_stale'],
    [row.sessionVersion > row.userVersion, 'version_ahead'],
    [row.sessionEveryone < row.everyone, 'everyone_logged_out'],
    [row.ended, 'session_ended'],
    [row.expired, 'session_expired'],
    [row.idle, 'session_idle'],
    [p === g && !seen && sinceRotated < 60, `access ${g}`],
    [p === g && !seen && sinceRotated >= 60, `access ${g}, sight`],
    [p === g && seen, `access ${g}`],
    [p === g - 1 && !seen && sinceRotated <= grace, `successor ${g}${noted}`],
    [p === g - 1 && !seen && sinceRotated > grace, `successor ${g}, late${noted}`],
    [p === g - 1 && seen && sinceSeen < grace, `successor ${g}`],
    [p === g - 1 && seen && sinceSeen >= grace, 'refresh_reused, end'],
    [p < g - 1, 'refresh_reused, end'],
    [p === g + 1, `access ${p}, adoption`],
    [p > g + 1, 'session_ahead, end'],
  ];
  return rows.find(([holds]) => holds)?.[1] ?? 'refresh_invalid';
}
