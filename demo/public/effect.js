import { describe } from './api.js';

/** @typedef {import('./device.js').Device} Device */

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
 * @returns {import('./timeline.js').Effect}
 */
export function effectOn(device, before, acknowledgedAt) {
  const { name, verdict, token, answer } = device;
  const tell = token === before.token ? tellSameToken : tellNewToken;
  const after = `${Math.max(1, Math.round((answer?.answeredAt ?? 0) - acknowledgedAt))} ms later`;
  return { device: name, verdict, text: tell(device, before, after) };
}

/** @param {Device} device */
function tellNewToken({ verdict, claims, answer }) {
  const what = `has a new token of version ${claims?.ver}`;
  return verdict === 'accepted' ? `${what}, accepted` : `${what}: ${describe(answer)}`;
}

/**
 * @param {Device} device
 * @param {Before} before
 * @param {string} after
 */
function tellSameToken({ verdict, answer }, before, after) {
  const stays = verdict === before.verdict;
  if (verdict === 'none') return 'has no token';
  if (verdict === 'undecided') return `is told ${describe(answer)} and keeps its token`;
  if (verdict === 'refused') {
    return `${stays ? 'stays refused' : `refused ${after}`}: ${describe(answer)}`;
  }
  return stays ? 'stays accepted' : `accepted again ${after}, with the same token`;
}
