/**
 * The time of day, as `09:05:07`.
 *
 * @param {Date} date
 */
export function timeOf(date) {
  return date.toLocaleTimeString('en-GB');
}

/**
 * The time of day, as `09:05:07.089`.
 *
 * @param {Date} date
 */
export function preciseTimeOf(date) {
  return `${timeOf(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/**
 * How long until then, as `14:59`.
 *
 * @param {number} seconds since 1970
 */
export function timeUntil(seconds) {
  const left = Math.max(0, Math.round(seconds - Date.now() / 1000));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
}
