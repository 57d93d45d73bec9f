/** How tokens from before this library are read, while they are accepted. */
export interface LegacyPolicy {
  /** Where the payload names the user. Absent: `sub`. */
  readonly legacySubject?: (payload: Readonly<Record<string, unknown>>) => unknown;
  /** How long after `iat` a token without `exp` ends. Absent: it is refused. */
  readonly legacyMaxAgeSeconds?: number;
}

/**
 * The payload of a token from before this library, in the form that the rule judges: with the subject as text and with
 * an end. Whatever makes no sense is left for the rule to refuse. A payload with `ver` is of this library and stays as
 * it is.
 */
export function readLegacyPayload(payload: unknown, policy: LegacyPolicy): unknown {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return payload;
  const claims = payload as Readonly<Record<string, unknown>>;
  if (claims['ver'] !== undefined) return payload;
  return { ...claims, sub: subjectOf(claims, policy), exp: endOf(claims, policy) };
}

function subjectOf(
  claims: Readonly<Record<string, unknown>>,
  { legacySubject }: LegacyPolicy,
): unknown {
  const subject = legacySubject === undefined ? claims['sub'] : asked(legacySubject, claims);
  return Number.isSafeInteger(subject) ? String(subject) : subject;
}

/** The payload may have any shape, so the application's function may throw: then it names nobody. */
function asked(
  legacySubject: NonNullable<LegacyPolicy['legacySubject']>,
  claims: Readonly<Record<string, unknown>>,
): unknown {
  try {
    return legacySubject(claims);
  } catch {
    return undefined;
  }
}

function endOf(
  { iat, exp }: Readonly<Record<string, unknown>>,
  // Without one the sum is no number, which the rule refuses, as it refuses an `iat` that is none.
  { legacyMaxAgeSeconds = Number.NaN }: LegacyPolicy,
): unknown {
  return exp === undefined ? (iat as number) + legacyMaxAgeSeconds : exp;
}
