/** @typedef {import('./device.js').Verdict} Verdict */

/**
 * @typedef {object} Situation
 * @property {readonly Verdict[]} verdicts of all devices
 * @property {boolean} readable whether the database answers
 * @property {boolean} active whether the user is
 * @property {number} versionsAhead how far the row's version is ahead of the stale copy's
 * @property {boolean} databaseCanBeStopped
 * @property {boolean} secondNode whether a second process serves
 */

/** @typedef {(situation: Situation, verdict?: Verdict) => boolean} Offer */

/** @type {Offer} */
const someoneIsIn = ({ verdicts, readable }) => readable && verdicts.includes('accepted');
/** @type {Offer} */
const thisDeviceIsIn = (_, verdict) => verdict === 'accepted';
/** @type {Offer} */
const thisDeviceMayBeIn = (_, verdict) => verdict === 'accepted' || verdict === 'undecided';

/**
 * When each action does something that can be seen; only then is its button offered.
 *
 * @type {Readonly<Record<string, Offer>>}
 */
const OFFERS = {
  logIn: ({ readable, active }, verdict) =>
    readable && active && (verdict === 'refused' || verdict === 'none'),
  // Offered in an outage too: the answer is then 503, not a success that nobody can rely on.
  logOut: thisDeviceMayBeIn,
  logOutEverywhere: thisDeviceMayBeIn,
  logOutTheOthers: thisDeviceIsIn,
  changePassword: thisDeviceIsIn,
  // Offered to a device that was logged out too: its refresh token is refused as well.
  refresh: (_, verdict) => verdict !== 'none',
  loseTheAnswer: thisDeviceIsIn,
  refreshInTwoTabs: thisDeviceIsIn,
  letThiefCopy: thisDeviceIsIn,
  passwordBySql: someoneIsIn,
  saveStaleCopy: ({ readable, versionsAhead }) => readable && versionsAhead > 0,
  logUserOut: someoneIsIn,
  logEveryoneOut: someoneIsIn,
  deactivate: someoneIsIn,
  reactivate: ({ readable, active }) => readable && !active,
  letTimePass: someoneIsIn,
  stopDatabase: ({ readable, databaseCanBeStopped }) => readable && databaseCanBeStopped,
  startDatabase: ({ readable, databaseCanBeStopped }) => !readable && databaseCanBeStopped,
  startSecondNode: ({ readable, secondNode }) => readable && !secondNode,
};

/**
 * Whether the action is of use now.
 *
 * @param {string} action
 * @param {Situation} situation
 * @param {Verdict} [verdict] of the device that would act
 */
export function isOffered(action, situation, verdict) {
  return OFFERS[action]?.(situation, verdict) ?? false;
}

/**
 * Why nothing is offered, and what to do about it.
 *
 * @param {Situation} situation
 */
export function whyNothing({ readable, active, verdicts }) {
  if (!readable) return 'The database does not answer. An operator can start it.';
  if (!active) return 'The user is deactivated. An administrator can reactivate it.';
  return verdicts.includes('accepted') ? 'Nothing to do now.' : 'Log in on a device first.';
}
