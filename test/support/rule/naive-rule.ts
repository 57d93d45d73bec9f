/** What a token is judged by, without the types of the code that is tested against this. */
export interface NaiveCase {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly record:
    | {
        readonly active: boolean;
        readonly version: number;
        readonly passwordChangedAt: Date | null;
        readonly logoutAllAt: Date | null;
        readonly everyoneVersion: number;
        readonly everyoneLoggedOutAt: Date | null;
        /** `null`: the user has no such session. */
        readonly session?: {
          readonly everyoneVersion: number;
          readonly ended: boolean;
          readonly expired: boolean;
          readonly idle: boolean;
        } | null;
        readonly revoked?: boolean;
      }
    | undefined;
  readonly realm: string | undefined;
  readonly tolerance: number;
  readonly legacyUntil: Date | undefined;
  /** What becomes of a token without a session; absent: sessions are off. */
  readonly withoutSession?: 'accept' | 'refuse' | undefined;
  readonly canBeRevoked?: boolean;
  /** The claim that names the user in tokens from before the library. */
  readonly legacyClaim?: string | undefined;
  readonly legacyMaxAge?: number | undefined;
  readonly maxAuthAge: number | undefined;
  readonly now: number;
}

type Row = readonly [holds: () => boolean, reason: () => string];

/**
 * The rule as the design states it: a table, row after row, and the first row that holds decides. Slow and plain, and
 * shares no line with the rule that ships. Whatever cannot be compared refuses.
 */
export function naiveVerdict(given: NaiveCase): string {
  const rows = [
    ...rowsOfClaims(given),
    ...rowsOfUser(given),
    ...rowsOfSession(given),
    ...rowsOfLogin(given),
  ];
  const first = rows.find(([holds]) => holds());
  return first === undefined ? 'accepted' : first[1]();
}

function rowsOfClaims(given: NaiveCase): Row[] {
  const { claims, realm, tolerance, legacyUntil, now } = given;
  const { iat, nbf, ver } = claims;
  const windowOpen = legacyUntil !== undefined && Number(legacyUntil) - now > 0;
  const isOld = windowOpen && ver === undefined;
  const sub = isOld ? claims[given.legacyClaim ?? 'sub'] : claims['sub'];
  const isText = typeof sub === 'string' && sub.length > 0;
  const isNumber = isTime(sub) && isVersion(Math.abs(sub));
  const ends = isOld && claims['exp'] === undefined && given.legacyMaxAge !== undefined;
  const exp = ends ? (iat as number) + given.legacyMaxAge : claims['exp'];
  const ahead = (time: number) => isUnknown(now) || time > now / 1000 + tolerance;
  return [
    [() => !isText && !(isOld && isNumber), () => 'claims_invalid'],
    [() => !isTime(iat) || !isTime(exp), () => 'claims_invalid'],
    [() => nbf !== undefined && !isTime(nbf), () => 'claims_invalid'],
    [() => ver !== undefined && !isVersion(ver), () => 'claims_invalid'],
    [() => ver === undefined && !windowOpen, () => 'claims_invalid'],
    ...rowsOfIds(given, windowOpen),
    [
      () => claims['realm'] === undefined && realm !== undefined && !windowOpen,
      () => 'token_invalid',
    ],
    [() => claims['realm'] !== undefined && claims['realm'] !== realm, () => 'token_invalid'],
    [() => ahead(iat as number), () => 'issued_in_future'],
    [() => nbf !== undefined && ahead(nbf as number), () => 'not_yet_valid'],
    [() => now / 1000 >= (exp as number), () => 'token_expired'],
  ];
}

function rowsOfIds(
  { claims, withoutSession, canBeRevoked }: NaiveCase,
  windowOpen: boolean,
): Row[] {
  const { sid, gen, jti } = claims;
  const invalid = () => 'claims_invalid';
  const sessions = withoutSession !== undefined;
  const named = sessions && sid !== undefined;
  const isUuid =
    typeof sid === 'string' &&
    /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/.test(sid);
  const isId =
    typeof jti === 'string' &&
    jti.length > 0 &&
    jti.length < 256 &&
    !jti.includes('\0') &&
    !/\p{Surrogate}/u.test(jti);
  return [
    [() => withoutSession === 'refuse' && sid === undefined, invalid],
    [() => named && !isUuid, invalid],
    [() => named && !isVersion(gen), invalid],
    [() => named && !isVersion(claims['everyone_ver']), invalid],
    [() => canBeRevoked === true && jti === undefined && !windowOpen, invalid],
    [() => canBeRevoked === true && jti !== undefined && !isId, invalid],
  ];
}

function rowsOfUser({ claims, record, withoutSession }: NaiveCase): Row[] {
  if (record === undefined) return [[() => true, () => 'user_unknown']];
  const { active, version, passwordChangedAt, logoutAllAt, everyoneLoggedOutAt } = record;
  const iat = claims['iat'] as number;
  const own = [passwordChangedAt, logoutAllAt];
  const hasVersion = claims['ver'] !== undefined;
  const ver = hasVersion ? (claims['ver'] as number) : 0;
  const name = () => nameOf(record, iat);
  return [
    [() => !active, () => 'user_inactive'],
    [() => isUnknown(version) || ver < version, name],
    [() => ver > version, () => 'version_ahead'],
    [() => own.some((cutoff) => isBeforeSecondOf(iat, cutoff)), name],
    [() => !hasVersion && own.some((cutoff) => isBeforeEndOfSecondOf(iat, cutoff)), name],
    [
      () => !inSession(claims, withoutSession) && isBeforeEndOfSecondOf(iat, everyoneLoggedOutAt),
      () => 'everyone_logged_out',
    ],
  ];
}

function inSession(claims: NaiveCase['claims'], withoutSession: NaiveCase['withoutSession']) {
  return withoutSession !== undefined && claims['sid'] !== undefined;
}

function rowsOfSession({ claims, record, withoutSession, canBeRevoked }: NaiveCase): Row[] {
  const session = record?.session;
  const everyone = record?.everyoneVersion ?? 0;
  const rows: Row[] = [
    [() => (claims['everyone_ver'] as number) < everyone, () => 'everyone_logged_out'],
    [() => session != null && session.everyoneVersion < everyone, () => 'everyone_logged_out'],
    [() => session == null || session.ended, () => 'session_ended'],
    [() => session!.expired, () => 'session_expired'],
    [() => session!.idle, () => 'session_idle'],
  ];
  return [
    ...(inSession(claims, withoutSession) ? rows : []),
    [
      () => canBeRevoked === true && claims['jti'] !== undefined && record?.revoked !== false,
      () => 'token_revoked',
    ],
  ];
}

function rowsOfLogin({ claims, maxAuthAge, tolerance, now }: NaiveCase): Row[] {
  const login = claims['auth_time'];
  const today = Math.floor(now / 1000);
  return maxAuthAge === undefined
    ? []
    : [
        [() => !isTime(login), () => 'reauthentication_required'],
        [() => today - (login as number) > maxAuthAge, () => 'reauthentication_required'],
        [() => (login as number) - today > tolerance, () => 'reauthentication_required'],
      ];
}

/** The newest cutoff at or after the token's second. Of two in one instant, the logout, which is the graver event. */
function nameOf(
  { passwordChangedAt, logoutAllAt }: NonNullable<NaiveCase['record']>,
  iat: number,
): string {
  const named = [
    { name: 'logged_out_everywhere', at: logoutAllAt },
    { name: 'password_changed', at: passwordChangedAt },
  ];
  const applying = named
    .filter(({ at }) => at !== null && !isUnknown(Number(at)))
    .filter(({ at }) => Number(at) >= Math.floor(iat) * 1000)
    .toSorted((one, other) => Number(other.at) - Number(one.at));
  return applying[0]?.name ?? 'version_stale';
}

function isBeforeSecondOf(iat: number, cutoff: Date | null): boolean {
  if (cutoff === null) return false;
  return isUnknown(Number(cutoff)) || iat < secondOf(cutoff);
}

function isBeforeEndOfSecondOf(iat: number, cutoff: Date | null): boolean {
  if (cutoff === null) return false;
  return isUnknown(Number(cutoff)) || iat < secondOf(cutoff) + 1;
}

function secondOf(instant: Date): number {
  const milliseconds = Number(instant);
  return (milliseconds - (((milliseconds % 1000) + 1000) % 1000)) / 1000;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && !isUnknown(value) && Math.abs(value) !== Infinity;
}

function isVersion(value: unknown): boolean {
  return isTime(value) && value >= 0 && value <= 2 ** 53 - 1 && value % 1 === 0;
}

function isUnknown(value: number): boolean {
  return Number.isNaN(value);
}
