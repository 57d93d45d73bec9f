import { createSecretKey } from 'node:crypto';
import { startAfterDocs } from './docs.variant.js';
import { SECRET } from './jwt.js';
import { PLATFORMS, type Variant } from './variant.js';

const KEY = createSecretKey(SECRET, 'utf8');

/** The best that a stateless guard can be: the same, with a key that was parsed once. */
export const docsKeyobject: Variant = {
  name: 'docs-keyobject',
  title: "AuthGuard('jwt') with a KeyObject",
  platforms: PLATFORMS,
  revokedStatus: 200,
  forgedStatus: 401,
  start: (context) => startAfterDocs(context, KEY),
};
