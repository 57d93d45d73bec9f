import type { Duration } from '../options/duration.js';

/** How long sessions last, by name. */
export type SessionPreset = 'consumer' | 'aal1' | 'aal2' | 'aal3';

/** All but `consumer` after NIST SP 800-63B-4, sections 2.1.3, 2.2.3 and 2.3.3. */
export const PRESETS: Readonly<
  Record<SessionPreset, { readonly absolute: Duration; readonly idle?: Duration }>
> = {
  consumer: { absolute: '90 days', idle: '30 days' },
  aal1: { absolute: '30 days' },
  aal2: { absolute: '24 hours', idle: '1 hour' },
  aal3: { absolute: '12 hours', idle: '15 minutes' },
};
