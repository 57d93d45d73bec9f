import { moduleFor, RevocableUser } from '../library/version-0.1.js';
import { userEntity } from '../user-entity.js';
import { startLibrary } from './library-app.js';
import { PLATFORMS, type Variant } from './variant.js';

/** The library as its README set it up at 0.1.0. Only a commit of that time can run it: see `--beside`. */
export const library01: Variant = {
  name: 'library-0.1',
  title: 'nestjs-token-invalidation 0.1',
  platforms: PLATFORMS,
  revokedStatus: 401,
  forgedStatus: 401,
  start(context) {
    const entity = userEntity(RevocableUser);
    return startLibrary(context, { entity, module: moduleFor(entity) });
  },
};
