import type { Refusal } from '../../../src/rule/refusal.js';
import {
  type CheckedClaims,
  type Circumstances,
  judgeClaims,
  type JudgedRecord,
  judgeRecord,
} from '../../../src/rule/rule.js';

/** The whole rule: both halves, as the verifier runs them around its read. */
export function judge(
  payload: unknown,
  record: JudgedRecord | undefined,
  circumstances: Circumstances,
): CheckedClaims | Refusal {
  const checked = judgeClaims(payload, circumstances);
  return checked.accepted
    ? (judgeRecord(checked.claims, record, circumstances) ?? checked)
    : checked;
}
