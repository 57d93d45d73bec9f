import { describe } from './api.js';

/** @typedef {import('./device.js').Device} Device */
/** @typedef {import('./story.js').Effect} Effect */

/**
 * @typedef {object} Before a device before an event
 * @property {string | undefined} token
 * @property {import('./device.js').Verdict} verdict
 */

/**
 * @param {Device} device
 * @returns {Before}
 */
export function remember({ token, verdict }) {
  return { token, verdict };
}

/**
 * What an event did to a device, once the device has asked again.
 *
 * @param {Device} device
 * @param {Before} before
 * @param {number} acknowledgedAt
 * @returns {Effect}
 */
export function effectOn(device, before, acknowledgedAt) {
  const { name, verdict, token, answer } = device;
  const after = `${Math.max(1, Math.round((answer?.answeredAt ?? 0) - acknowledgedAt))} ms later`;
  const text =
    token === before.token ? ofSameToken(device, before, after) : `has a new token, ${verdict}`;
  const hasReason = verdict === 'refused' || verdict === 'undecided';
  return { device: name, verdict, text, ...(hasReason && { code: describe(answer) }) };
}

/**
 * @param {Device} device
 * @param {Before} before
 * @param {string} after
 */
function ofSameToken({ verdict }, before, after) {
  const stays = verdict === before.verdict;
  if (verdict === 'none') return 'has no token';
  if (verdict === 'undecided') return 'keeps its token:';
  if (verdict === 'refused') return stays ? 'is still refused:' : `refused ${after}:`;
  return stays ? 'is still accepted' : `accepted again ${after}, with the same token`;
}
