import { moduleFor } from '../library/current.js';
import { User } from '../user.entity.js';
import { startLibrary } from './library-app.js';
import { PLATFORMS, type Variant } from './variant.js';

/** This library as the README sets it up. */
export const library: Variant = {
  name: 'library',
  title: 'nestjs-token-invalidation',
  platforms: PLATFORMS,
  revokedStatus: 401,
  forgedStatus: 401,
  start: (context) => startLibrary(context, { entity: User, module: moduleFor(User) }),
};
