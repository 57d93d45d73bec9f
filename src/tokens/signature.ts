import { verify } from 'jws';
import type { KeySet } from '../keys/key-set.js';
import type { SigningKey } from '../keys/signing-key.js';
import { isRefusal, refusal, type Refusal } from '../rule/refusal.js';
import { RememberedSignatures } from './remembered-signatures.js';

/** Whose tokens are ours, apart from the keys. */
export interface SignatureSettings {
  /** `iss` that a token must have; absent: any. */
  readonly issuer?: string;
  /** A token's `aud` must name one of these; absent: any. */
  readonly audience?: string | string[];
  /** How many tokens are remembered whose signature was verified. */
  readonly signatureCacheSize: number;
}

/** The payload of a token with a good signature. It may still hold anything. */
export interface SignedPayload {
  readonly accepted: true;
  readonly payload: unknown;
}

/**
 * Checks that a token is ours: signature, algorithm and key (RFC 7515), issuer and audience (RFC 7519 sections 4.1.1
 * and 4.1.3). The header is parsed once and the signature computed once, or not at all for a token that is remembered.
 */
export class Signature {
  private readonly remembered: RememberedSignatures;
  private readonly audiences: readonly string[] | undefined;

  constructor(
    private readonly keys: KeySet,
    private readonly settings: SignatureSettings,
  ) {
    const { audience } = settings;
    this.audiences = typeof audience === 'string' ? [audience] : audience;
    this.remembered = new RememberedSignatures(settings.signatureCacheSize);
  }

  /** @param legacy - whether tokens from before this library are accepted at this moment */
  payloadOf(token: string, legacy: boolean): SignedPayload | Refusal {
    const remembered = this.remembered.recall(token);
    if (remembered !== undefined) return { accepted: true, payload: remembered };

    const key = this.keys.select(token, legacy);
    if (isRefusal(key)) return key;
    if (!isSignedWith(key, token)) return refusal('token_invalid', { detail: 'wrong signature' });
    return this.read(token, legacy);
  }

  private read(token: string, legacy: boolean): SignedPayload | Refusal {
    const text = Buffer.from(token.split('.', 2)[1]!, 'base64url').toString();
    const payload = parse(text);
    const detail = this.partyProblem(Object(payload) as { iss?: unknown; aud?: unknown });
    if (detail !== undefined) return refusal('token_invalid', { detail });
    // What passes in the legacy window need not pass once it has closed.
    if (!legacy && Object(payload) === payload) this.remembered.remember(token, text);
    return { accepted: true, payload };
  }

  private partyProblem({ iss, aud }: { iss?: unknown; aud?: unknown }): string | undefined {
    const { issuer } = this.settings;
    if (issuer !== undefined && iss !== issuer) return '"iss" is not the issuer';
    const named: unknown[] = Array.isArray(aud) ? aud : [aud];
    return this.audiences?.some((audience) => named.includes(audience)) === false
      ? '"aud" names none of the audiences'
      : undefined;
  }
}

/** Some malformed ECDSA signatures make jws throw instead of saying no. */
function isSignedWith({ algorithm, verifyWith }: SigningKey, token: string): boolean {
  try {
    // jws passes a KeyObject through; its types do not say so.
    return verify(token, algorithm, verifyWith as never);
  } catch {
    return false;
  }
}

/** `undefined` for what is not JSON: the rule refuses it, as it refuses any payload that is no object. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
